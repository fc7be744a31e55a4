"""Networks that do not fit are named; second differences are warned of."""

import pytest

from paribus.data.load import describe
from paribus.data.spec import DataSpec
from paribus.errors import StudyError
from paribus.study.shapes import check_shapes, with_parameter_warnings
from tests.study.written import GOOD, plan_of


def test_second_differences_are_warned_of():
    both = GOOD.replace(
        "{set: {model.hidden.units: 16}}", "{set: {model.hidden.units: 16, train.epochs: 9}}"
    )
    assert "'large' changes 2 things at once: epochs, layers" in plan_of(both).variants[2].warnings
    batch = GOOD.replace("{set: {model.hidden.units: 16}}", "{set: {train.batch_size: 64}}")
    assert plan_of(batch).variants[2].warnings == (
        "batch_size 64 also changes the number of optimizer steps (0.5 times the baseline's)",
    )
    other = GOOD.replace("{set: {model.hidden.units: 16}}", "{set: {train.optimizer: Adam}}")
    assert plan_of(other).variants[2].warnings == (
        "the optimizer changes without a learning rate of its own; the default 0.001 is used",
    )
    plan = plan_of(GOOD)
    data = {v.name: describe(DataSpec.parse(v.data)) for v in plan.variants}
    warned = with_parameter_warnings(plan, check_shapes(plan, data))
    assert warned.variants[2].warnings[0].startswith("the number of parameters changes by +")
    assert not warned.variants[1].warnings


def test_networks_that_do_not_fit_are_named():
    text = GOOD.replace("pool_size: 2", "pool_size: 40").replace("units: 10", "units: 7")
    plan = plan_of(text)
    data = {v.name: describe(DataSpec.parse(v.data)) for v in plan.variants}
    with pytest.raises(StudyError) as caught:
        check_shapes(plan, data)
    assert str(caught.value).splitlines()[0] == (
        "variant small/none: layer pool (MaxPooling2D): window 40x40 must fit into the image that reaches it, "
        "got 26x26. Use a smaller window, padding: same, or fewer pooling layers before it."
    )
    plan = plan_of(GOOD.replace("units: 10", "units: 7"))
    with pytest.raises(
        StudyError,
        match=r"layer output \(Dense\): must give one output per class, \(10,\), got \(7,\)",
    ):
        check_shapes(plan, data)
