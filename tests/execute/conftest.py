"""Tasks of a study of two variants and two seeds."""

import pytest

from paribus.data.exported import export_dataset
from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.execute.task import Task
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import study_from_mapping


@pytest.fixture
def tasks(tiny, tmp_path):
    def make(**train):
        tiny["train"] |= train
        plan = expand(study_from_mapping(tiny))
        data = load_dataset(DataSpec.parse(plan.variants[0].data))
        folder = tmp_path / "data"
        export_dataset(data, folder)
        names = {v.name: data.fingerprint for v in plan.variants}
        trials = plan_trials(plan, names, lambda _: 1)
        return [Task("fit", (t,), folder) for t in trials]

    return make
