"""Two runs side by side: what differs comes first."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import paribus
from paribus.api.results.comparing import compare
from paribus.api.run.running import RunOptions
from paribus.cli.main import app


@pytest.mark.slow
def test_what_differs_comes_first(tiny, tmp_path):
    tiny["train"]["epochs"] = 1
    first = paribus.from_mapping(tiny).run(tmp_path / "a", options=RunOptions(seeds=2, jobs=1))
    tiny["train"]["batch_size"] = 16
    tiny["data"]["split"] = {"train": 0.3, "validation": 0.2, "test": 0.5, "seed": 2}
    second = paribus.from_mapping(tiny).run(tmp_path / "b", options=RunOptions(seeds=3, jobs=1))
    found = compare(first, second)
    by_place = {item.where: (item.left, item.right) for item in found.differences}
    assert by_place["train.batch_size"][1] == "16"
    assert by_place["seeds"] == ("2 from 0", "3 from 0")
    assert "data.split.seed" in by_place or "data.split.train" in by_place
    assert not any(place.startswith("model") for place in by_place)
    assert compare(first, first).differences == ()
    other = replace(
        first,
        manifest=replace(
            first.manifest, data_keys=dict.fromkeys(first.manifest.data_keys, "x" * 64)
        ),
    )
    assert compare(first, other).differences[0].where == "images and labels"
    shown = CliRunner().invoke(app, ["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert shown.exit_code == 0
    assert "What differs" in shown.output
    plain = CliRunner().invoke(app, ["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--json"])
    typo = CliRunner().invoke(
        app, ["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--metric", "val_acuracy"]
    )
    assert typo.exit_code == 2
    said = json.loads(plain.output)
    assert said["contradictory"] is False
    assert {row["verdict"] for row in said["rows"]} == {"too few seeds"}
