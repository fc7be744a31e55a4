"""`paribus gradcheck`: agreement is said and is exit code 0; mistakes in its use are explained."""

import json

import pytest

from paribus.reference.dense import Dense
from tests.cli.typed import invoke

STUDY = """\
study: small
data: {source: digits, preprocess: [scale]}
model:
  layers:
    - Flatten
    - Dense: {name: hidden, units: 3, activation: sigmoid}
    - Dense: {name: output, units: 10, activation: sigmoid}
train: {optimizer: SGD, loss: half_squared_error, epochs: 1, batch_size: 50, backend: numpy}
factors: {width: {small: {}, large: {set: {model.hidden.units: 5}}}}
"""


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return str(path)


def test_every_weight_of_every_variant_agrees(study):
    found = invoke("gradcheck", study, "--json")
    assert found.exit_code == 0
    result = json.loads(found.stdout)
    assert result["agree"]
    assert [row["name"] for row in result["variants"]["large"]] == ["hidden/kernel", "hidden/bias", "output/kernel", "output/bias"]  # fmt: skip
    rows = [row for rows in result["variants"].values() for row in rows]
    assert all(row["by_hand"] == pytest.approx(row["by_autograd"]) for row in rows)
    assert (
        "All gradients agree to 1e-06." in invoke("gradcheck", study, "--variant", "small").stdout
    )


def test_a_wrong_derivation_is_found(study, monkeypatch):
    right = Dense.backward

    def wrong(self, dy):
        dx = right(self, dy)
        self.gradients["kernel"] = 1.001 * self.gradients["kernel"]
        return dx

    monkeypatch.setattr(Dense, "backward", wrong)
    found = invoke("gradcheck", study, "--variant", "small")
    assert found.exit_code == 1
    assert "Some gradients differ by more than 1e-06." in found.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("--variant", "smal"),
            "--variant: must name a variant, got 'smal'. Did you mean 'small'?",
        ),
        (("--examples", "1"), "--examples: must be 2 to 256, got 1."),
    ],
)
def test_misuse_is_explained(study, arguments, text):
    found = invoke("gradcheck", study, *arguments)
    assert found.exit_code == 2
    assert text in found.output
