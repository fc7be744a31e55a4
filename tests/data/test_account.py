"""What is said of the data that were read: warnings of a range that is not what steps rely on."""

import numpy as np
import pytest

from paribus import api
from tests.cli.commands.studies.plan_files import save, study


@pytest.mark.parametrize(
    ("steps", "maximum", "warned"),
    [
        (["scale"], None, True),
        (["invert"], None, True),
        ([], None, False),
        (["standardize"], None, False),
        (["scale"], 16, False),
    ],
)
def test_a_range_that_is_not_used_is_warned_of_where_a_step_relies_on_it(
    tmp_path, steps, maximum, warned
):
    save(tmp_path / "a.npz", high=17)
    data = {"source": "a.npz", **({"maximum": maximum} if maximum else {})}
    (found,) = api.load(study(tmp_path, data, steps)).plan().to_json()["data"]
    assert bool(found["warnings"]) == warned


@pytest.mark.slow
@pytest.mark.parametrize(("high", "warned"), [(63, True), (64, False)])
def test_a_quarter_of_the_range_is_enough(tmp_path, high, warned):
    save(tmp_path / "a.npz", high=high + 1)
    (found,) = api.load(study(tmp_path, {"source": "a.npz"})).plan().to_json()["data"]
    assert bool(found["warnings"]) == warned


def test_scale_divides_by_what_the_source_can_hold(tmp_path):
    from paribus.data.load import load_dataset
    from paribus.data.prepare import prepare
    from paribus.data.spec import DataSpec

    images = np.random.default_rng(0).random((30, 6, 6)) < 0.5
    for name, array, maximum, largest in (
        ("bool", images, None, 1.0),
        ("digits", images * 16, 16, 1.0),
        ("bytes", images * 255, None, 1.0),
        ("dark", images * 51, None, 0.2),
        ("deep", images * np.uint16(4095), 4095, 1.0),
    ):
        np.savez(tmp_path / f"{name}.npz", X=array, y=np.arange(30) % 3)
        settings = {"source": str(tmp_path / f"{name}.npz"), "preprocess": ["scale"]}
        spec = DataSpec.parse({**settings, **({"maximum": maximum} if maximum else {})})
        values = prepare(load_dataset(spec), spec, seed=0).train_images.array()
        assert values.max() == pytest.approx(largest), name


@pytest.mark.parametrize(
    ("steps", "factor", "warned"),
    [
        (["scale"], 1 / 255, True),
        (["standardize"], 1 / 127.5, True),
        ([], 1 / 255, False),
        (["scale"], 0.125, False),
    ],
)
def test_pixels_that_are_divided_twice_are_warned_of(tmp_path, steps, factor, warned):
    save(tmp_path / "a.npz")
    layers = [
        {"Rescaling": {"name": "small", "scale": factor}},
        "Flatten",
        {"Dense": {"name": "output", "units": 3, "activation": "softmax"}},
    ]
    planned = api.load(study(tmp_path, {"source": "a.npz"}, steps, model={"layers": layers})).plan()
    (variant,) = planned.plan.variants
    text = (
        f"pixels are made small twice: by data.preprocess ({''.join(steps)}) and by the layer small"
    )
    assert (text in variant.warnings) == warned
