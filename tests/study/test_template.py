"""The study file of `paribus init` names what there is, and is valid as it stands."""

import paribus
from paribus.data.sources import named_sources
from paribus.data.steps import STEPS
from paribus.nn.training import OPTIMIZERS
from paribus.study.template import study_template


def test_every_source_step_and_optimizer_is_named():
    text = study_template()
    for names in (named_sources(), STEPS, OPTIMIZERS):
        assert f"# {', '.join(names)}" in text


def test_it_can_be_planned(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(study_template(), encoding="utf-8")
    assert len(paribus.load(path).plan(jobs=1).to_json()["variants"]) == 2
