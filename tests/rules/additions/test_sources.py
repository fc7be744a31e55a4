"""A data source, named or a kind of file, is one file."""

import copy
import importlib
import json

import numpy as np
import pytest
from typer.testing import CliRunner

import paribus
from docs import generate
from paribus.api.run.running import RunOptions
from paribus.data import sources
from tests.conftest import TINY

pytestmark = pytest.mark.slow


NAMED = '''
"""Stripes: images of two classes that a formula makes."""

from dataclasses import dataclass

import numpy as np

from paribus.data.dataset import make_dataset
from paribus.data.sources import NamedSource
from paribus.records import Parts


@dataclass(frozen=True, kw_only=True)
class Stripes(NamedSource):
    def load(self):
        labels = np.arange(80) % 2
        images = np.random.default_rng(0).integers(0, 99, (80, 8, 8)).astype(np.uint8)
        images[labels == 1, ::2] += 100
        return make_dataset(images, labels, self.class_names, where=self.name, parts=self.parts)


SOURCE = Stripes(
    name="stripes", order=15, shape=(8, 8, 1), class_names=("none", "some"), parts=Parts(60, test=20)
)
'''


def planned(folder, source, **data):
    """What `paribus plan --json` says of a tiny study of a source."""
    path = folder / "study.yaml"
    given = {
        **copy.deepcopy(TINY),
        "data": {"source": str(source), "preprocess": ["scale"], **data},
    }
    given["model"]["layers"][-1]["Dense"]["units"] = 2
    path.write_text(json.dumps(given))
    return path, CliRunner().invoke(
        importlib.import_module("paribus.cli.main").app, ["plan", str(path), "--json"]
    )


def test_a_named_source_is_one_file(plug, tmp_path, monkeypatch):
    plug(sources, "stripes_of_a_plug_in", NAMED)
    path, shown = planned(tmp_path, "stripes")
    assert shown.exit_code == 0, shown.output
    (account,) = json.loads(shown.output)["data"]
    assert (account["source"], account["classes"]) == ("stripes", {"none": 40, "some": 40})
    assert account["parts"] == {"train": 48, "validation": 12, "test": 20}, "its own test part"
    results = paribus.load(path).run(tmp_path / "out", options=RunOptions(jobs=1))
    assert [trial.status for trial in results.summary.trials] == ["done"] * 4
    assert results.manifest.data[0].fingerprint == account["fingerprint"]
    assert "`digits`, `stripes`, `mnist`" in generate.study_file_page()
    listed = "must be one of digits, stripes, mnist, fashion-mnist, cifar10, or a path"
    _, wrong = planned(tmp_path, "stripse")
    assert (wrong.exit_code, "Did you mean 'stripes'?" in wrong.output) == (2, True)
    assert listed in " ".join(wrong.output.split())
    monkeypatch.undo()
    _, gone = planned(tmp_path, "stripes")
    assert (gone.exit_code, "stripes, mnist" in gone.output) == (2, False)


KIND = '''
"""Files of raw bytes: a label, then 64 pixels."""

import numpy as np

from paribus.data.dataset import make_dataset
from paribus.data.sources import FileKind


def read(path, spec):
    rows = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, 65)
    return make_dataset(
        rows[:, 1:].reshape(-1, 8, 8).copy(), rows[:, 0].astype(int), ("a", "b"), where=str(path)
    )


SOURCE = FileKind(
    kind="a raw file",
    says="a raw file (.raw8)",
    order={order},
    recognises=lambda path: path.suffix in (".raw8", ".npz"),
    read=read,
)
'''


@pytest.fixture
def raw(tmp_path):
    """A file that only the plug-in reads."""
    rows = np.random.default_rng(0).integers(0, 255, (50, 65)).astype(np.uint8)
    rows[:, 0] = np.arange(50) % 2
    path = tmp_path / "images.raw8"
    path.write_bytes(rows.tobytes())
    return path


def test_a_kind_of_file_is_one_file(plug, raw, tmp_path):
    refused = planned(tmp_path, raw)[1]
    assert (refused.exit_code, "raw file" in refused.output) == (2, False)
    plug(sources, "raw_of_a_plug_in", KIND.format(order=60))
    path, shown = planned(tmp_path, raw)
    assert shown.exit_code == 0, shown.output
    (account,) = json.loads(shown.output)["data"]
    assert (account["source"], account["classes"]) == (str(raw), {"a": 25, "b": 25})
    results = paribus.load(path).run(tmp_path / "out", options=RunOptions(jobs=1))
    assert [trial.status for trial in results.summary.trials] == ["done"] * 4
    _, idle = planned(tmp_path, raw, layout="channels_last")
    assert idle.exit_code == 2
    assert "data.layout: says nothing about a raw file" in " ".join(idle.output.split())
    (tmp_path / "images.xyz").write_bytes(b"?")
    _, other = planned(tmp_path, tmp_path / "images.xyz")
    assert "a table (.csv, .tsv, .txt), a raw file (.raw8), or an image" in " ".join(other.output.split())  # fmt: skip
    assert "a table (.csv, .tsv, .txt), a raw file (.raw8), or an image" in (
        generate.study_file_page()
    )


def test_kinds_are_asked_in_their_order_and_a_tie_is_refused(plug, tmp_path, monkeypatch):
    path = tmp_path / "images.npz"
    path.write_bytes(b"")
    for order, first in ((29, "a raw file"), (31, "an .npz file")):
        with monkeypatch.context() as patch:
            name = f"raw{order}_of_a_plug_in"
            (tmp_path / str(order)).mkdir()
            (tmp_path / str(order) / f"{name}.py").write_text(KIND.format(order=order))
            patch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path / str(order))])
            assert sources.kind_of(path).kind == first
    plug(sources, "raw_of_a_plug_in", KIND.format(order=30))
    _, tied = planned(tmp_path, path)
    assert tied.exit_code == 2
    assert "must be recognised by one kind of source" in " ".join(tied.output.split())
    assert "an .npz file (order 30)" in " ".join(tied.output.split())
