"""`paribus check`: what is refused with its line before anything is planned."""

import numpy as np
import pytest

from tests.cli.commands.studies.plan_files import save, study
from tests.cli.typed import invoke


@pytest.mark.parametrize(
    ("steps", "line", "text"),
    [
        (
            ["standardize", "scale"],
            3,
            "data.preprocess.1.scale: must come before standardize, after which pixels have no largest value",
        ),
        (
            ["standardize", "invert"],
            3,
            "data.preprocess.1.invert: must come before standardize, after which pixels have no largest value",
        ),
        (
            ["scale", "scale"],
            3,
            "data.preprocess.1.scale: must be there once: pixels are scaled already",
        ),
        (
            ["invert", "invert"],
            3,
            "data.preprocess.1.invert: must be there once: a second one undoes the first",
        ),
    ],
)
def test_steps_that_can_do_nothing_are_refused_with_their_line(tmp_path, steps, line, text):
    save(tmp_path / "a.npz")
    path = study(tmp_path, {"source": "a.npz"}, steps)
    done = invoke("check", path)
    assert done.exit_code == 2
    where, rest = done.stderr.split(": ", 1)
    number = int(where.rsplit(":", 1)[1])
    assert steps[1] in path.read_text().splitlines()[number - 1]
    assert rest == f"{text}.\n"


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_grayscale_needs_one_channel_or_three(tmp_path, channels):
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, channels), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", X=images, y=np.arange(30) % 3)
    data = {"source": "a.npz", "shape": [8, 8, channels]}
    done = invoke("check", study(tmp_path, data, ["grayscale"]))
    assert done.exit_code == 2
    assert done.stderr == (
        "study.yaml:4: data.preprocess.0.grayscale: needs images of one channel or of three, RGB, "
        f"got 8 x 8 x {channels}.\n"
    )
