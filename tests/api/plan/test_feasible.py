"""What cannot run is refused before anything is allocated: no step, or more numbers than memory."""

import subprocess
import sys

import pytest

import paribus
from paribus.api.plan import feasible
from paribus.errors import DataError, StudyError

pytestmark = pytest.mark.slow


STUDY = """study: small
data: {source: digits, preprocess: [scale], split: {train: 0.6, validation: 0.2, test: 0.2}}
model:
  layers:
    - Conv2D: {name: conv, filters: 4, kernel_size: 3, activation: relu}
    - Flatten
    - Dense: {name: output, units: 10, activation: softmax}
train:
  optimizer: {Adam: {learning_rate: 0.01}}
  epochs: 1
  batch_size: 50
  last_batch: drop
seeds: 1
"""


TRAIN = 1077
"""60 % of 1797, by class."""


def planned(tmp_path, text, **options):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    return paribus.load(path).plan(**options)


def problems(tmp_path, text, **options):
    with pytest.raises(StudyError) as caught:
        planned(tmp_path, text, **options)
    return [str(problem) for problem in caught.value.problems]


def test_a_batch_of_all_images_makes_one_step_and_one_more_none(tmp_path):
    count = planned(tmp_path, STUDY).descriptions["base"].num_examples["train"]
    assert abs(count - TRAIN) < 10
    planned(tmp_path, STUDY.replace("batch_size: 50", f"batch_size: {count}"))
    found = problems(tmp_path, STUDY.replace("batch_size: 50", f"batch_size: {count + 1}"))
    assert found == [
        f"study.yaml:11: train.batch_size: must be at most the {count:,} training images with last_batch: drop, "
        f"or no step is made, got {count + 1:,}. Use batch_size: 128, or last_batch: keep."
    ]
    text = STUDY.replace("batch_size: 50", "batch_size: 5000")
    planned(tmp_path, text.replace("last_batch: drop", "last_batch: keep"))
    planned(tmp_path, text.replace("last_batch: drop", "steps_per_epoch: 3\n  last_batch: drop"))


@pytest.mark.parametrize("where", ["factor", "size", "variant", "base"])
def test_the_variant_and_the_line_that_make_no_step_are_named(tmp_path, where):
    edits = {"factor": "train.batch_size: 2000", "size": "data.train_size: 20"}
    text = STUDY
    if where in edits:
        text += f"factors:\n  f:\n    good: {{}}\n    bad: {{set: {{{edits[where]}}}}}\n"
        line, name = 17, "variant bad: "
    elif where == "variant":
        text += (
            "design: listed\nvariants:\n  one: {}\n  bad:\n    set:\n      train.batch_size: 2000\n"
        )
        line, name = 19, "variant bad: "
    else:
        text = text.replace("batch_size: 50", "batch_size: 2000")
        text += "factors:\n  f:\n    good: {}\n    other: {set: {train.epochs: 2}}\n"
        line, name = 11, ""
    (found,) = problems(tmp_path, text)
    shown = int(found.split(":")[1])
    assert shown in (line, line + 1, line + 2)
    assert f": {name}train.batch_size: must be at most" in found


def test_no_more_images_than_there_are_can_be_asked_for(tmp_path):
    count = planned(tmp_path, STUDY).descriptions["base"].num_examples["train"]
    text = STUDY.replace("digits, ", "digits, train_size: SIZE, ")
    planned(tmp_path, text.replace("SIZE", str(count)))
    assert problems(tmp_path, text.replace("SIZE", str(count + 1))) == [
        f"study.yaml:2: data.train_size: must be at most the {count:,} training examples of the split, "
        f"got {count + 1:,}. Leave it out to train on all of them."
    ]
    text = STUDY + "factors:\n  f:\n    good: {}\n    bad: {set: {data.train_size: 9999}}\n"
    (found,) = problems(tmp_path, text)
    assert found.startswith("study.yaml:17: variant bad: data.train_size: must be at most")


def test_every_part_gets_an_image(tmp_path):
    shares = "train: 0.6, validation: 0.2, test: 0.2"
    planned(tmp_path, STUDY.replace(shares, "train: 0.9989, validation: 0.0006, test: 0.0005"))
    text = STUDY.replace(shares, "train: 0.9995, validation: 0.0001, test: 0.0004")
    assert problems(tmp_path, text) == [
        "study.yaml:2: data.split: every part must get at least one example, got 1796 / 0 / 1 examples."
    ]


def test_parameters_are_weighed_against_memory(tmp_path, monkeypatch):
    """Adam: weights, gradients and two moments, four bytes each."""
    text = STUDY.replace("last_batch: drop", "last_batch: keep")
    plan = planned(tmp_path, text)
    numbers = 16 * plan.summaries["base"].trainable_parameters
    outputs = 4 * 50 * (6 * 6 * 4 * 2 + 10)
    monkeypatch.setattr("paribus.api.plan.planning.machine_memory", lambda: numbers + outputs)
    planned(tmp_path, text)
    monkeypatch.setattr("paribus.api.plan.planning.machine_memory", lambda: numbers + outputs - 1)
    (found,) = problems(tmp_path, text)
    assert found.startswith(
        "study.yaml:11: train.batch_size: 298 numbers an image (conv: 6 x 6 x 4)"
    )
    monkeypatch.setattr("paribus.api.plan.planning.machine_memory", lambda: numbers - 1)
    (found,) = problems(tmp_path, text)
    assert found.startswith(
        "study.yaml:4: model.layers: 1,490 parameters (output: 1,450) with Adam"
    )
    assert "must fit the memory of this machine" in found


HUGE = {
    "units": ("- Flatten\n", "- Flatten\n    - Dense: {name: wide, units: 1000000}\n    - Dense: {units: 1000000}\n"),
    "pixels": ("preprocess: [scale]", "preprocess: [scale, {resize: {height: 4096, width: 4096}}]"),
    "filters": ("    - Flatten\n", "    - Conv2D: {filters: 1000000, kernel_size: 1}\n    - Conv2D: {filters: 1000000, kernel_size: 1}\n    - Flatten\n"),
    "padding": ("    - Flatten\n", "    - ZeroPadding2D: {padding: 10000}\n    - ZeroPadding2D: {padding: 10000}\n    - GlobalAveragePooling2D\n"),
    "depth": ("    - Flatten\n", "    - DepthwiseConv2D: {kernel_size: 1, depth_multiplier: 1000000}\n    - DepthwiseConv2D: {kernel_size: 1, depth_multiplier: 1000000}\n    - Flatten\n"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HUGE)
def test_networks_that_no_machine_holds_are_refused_without_allocating(tmp_path, kind):
    text = STUDY.replace(*HUGE[kind])
    path = tmp_path / "study.yaml"
    path.write_text(text)
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000, 3_000_000_000))\n"
        "from paribus.cli.main import main\n"
        f"sys.argv = ['paribus', 'plan', {str(path)!r}]\n"
        "main()\n"
    )
    for command in ("plan", "check"):
        done = subprocess.run(
            [sys.executable, "-c", code.replace("'plan'", repr(command))],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        assert "memory of this machine" in done.stderr
        assert done.stderr.startswith("study.yaml:")
        assert "Traceback" not in done.stderr


def test_all_that_cannot_run_is_said_at_once(tmp_path):
    text = STUDY.replace("batch_size: 50", "batch_size: 5000")
    text = text.replace("units: 10, activation", "units: 11, activation")
    found = problems(tmp_path, text)
    assert len(found) == 2
    assert "no step is made" in found[0]
    assert "must give one output per class" in found[1]


def test_a_source_with_images_is_counted_without_reading(tmp_path, monkeypatch):
    folder = tmp_path / "images" / "a"
    folder.mkdir(parents=True)
    for k in range(3):
        (folder / f"{k}.png").write_bytes(b"no picture")
    text = STUDY.replace("source: digits", "source: images")
    text = text.replace("[scale]", "[{resize: {height: 100, width: 50}}]")
    monkeypatch.setattr("paribus.api.plan.planning.machine_memory", lambda: 14_999)
    (found,) = problems(tmp_path, text)
    assert "3 images of 5,000 pixels must fit the memory of this machine" in found


def test_one_sigmoid_for_two_classes_is_explained(tmp_path):
    import numpy as np

    x, y = np.zeros((40, 4, 4), np.uint8), np.arange(40) % 2
    x[np.arange(40), 1, 1] = np.arange(40) * 6
    np.savez(tmp_path / "two.npz", x_train=x, y_train=y)
    text = STUDY.replace("source: digits", "source: two.npz").replace(
        "units: 10, activation: softmax", "units: 1, activation: sigmoid"
    )
    text = text.replace("epochs: 1", "epochs: 1\n  loss: binary_crossentropy").replace("50", "5")
    (found,) = problems(tmp_path, text)
    assert "must give one output per class, (2,), got (1,)" in found
    assert "{units: 2, activation: softmax}" in found


@pytest.mark.parametrize(
    "key", ["shape: [4, 4, 1]", "columns: {label: x}", "layout: channels_first"]
)
def test_keys_of_files_say_nothing_about_a_named_source(tmp_path, key):
    (found,) = problems(tmp_path, STUDY.replace("source: digits", f"source: digits, {key}"))
    assert found.startswith(
        f"study.yaml:2: data.{key.split(':')[0]}: says nothing about the source digits"
    )


def test_steps_beyond_reason_are_refused(tmp_path):
    text = STUDY.replace("last_batch: drop", "steps_per_epoch: 10000000")
    planned(tmp_path, text.replace("epochs: 1", "epochs: 10"))
    (found,) = problems(tmp_path, text.replace("epochs: 1", "epochs: 11"))
    assert "must make at most 100,000,000 steps in all epochs together, got 110,000,000" in found


def test_a_batch_larger_than_the_data_costs_no_more_memory(tmp_path):
    text = STUDY.replace("last_batch: drop", "last_batch: keep")
    whole, larger = (
        planned(tmp_path, text.replace("batch_size: 50", f"batch_size: {size}")).estimate
        for size in (2000, 1_000_000)
    )
    assert larger.memory_bytes == whole.memory_bytes


FACTORS = "factors:\n  f: {a: null, b: {set: {train.epochs: 2}}}\n"


@pytest.mark.parametrize(
    ("claim", "rule"),
    [
        (
            "'b > 75 on val_accuracy'",
            "a fraction from 0 to 1, or a percentage, got 75.0. Write 75 %.",
        ),
        ("'b > 175 % on val_accuracy'", "a fraction from 0 to 1, or a percentage, got 1.75."),
        ("'b > a on val_accuracy', margin: 1", "must be below 1, as accuracies are fractions"),
        ("'b > a on gap', margin: 2.0", "Write 0.02 if you mean points."),
        ("'b > a on val_accuracy', published: 75.0", "claims.0.published: must be a fraction"),
        (
            "'b > a on val_accuracy@3'",
            "claims.0.says: must name an epoch that is trained, at most 2",
        ),
        ("'b > a on val_accuracy@2'", None),
        ("'b > 1 on val_accuracy', margin: 0.99", None),
        ("'b > 3 on val_loss', margin: 2", None),
        ("'b > 75 % on val_accuracy'", None),
        (
            "'b = a on val_accuracy', margin: 0",
            "claims.0.margin: must be above 0 for a claim of equality",
        ),
        ("'b = a on val_loss', margin: 0.001", None),
        ("'b > a on val_accuracy', margin: 0", None),
    ],
)
def test_numbers_of_claims_are_those_that_a_metric_can_have(tmp_path, claim, rule):
    text = STUDY + FACTORS + f"claims: [{{id: x, says: {claim}}}]\n"
    if rule is None:
        planned(tmp_path, text)
        return
    (found,) = problems(tmp_path, text)
    assert rule in found


VARIED = """factors:
  network:
    as it is: null
    wide: {set: {model.output.units: 11}}
    pooled: {replace: {conv: {MaxPooling2D: {pool_size: 10}}}}
  source:
    digits: null
    typo: {set: {data.source: digitts}}
"""


def test_layers_and_sources_that_do_not_fit_are_found_in_the_file(tmp_path):
    """The line is that of the edit that did it; without one, that of the layer."""
    whole = STUDY.replace("kernel_size: 3", "kernel_size: 9")
    (found,) = problems(tmp_path, whole)
    assert found.startswith(
        "study.yaml:5: variant base: layer conv (Conv2D): window 9x9 must fit into the image"
    )
    text = STUDY + VARIED[: VARIED.index("  source:")]
    found = problems(tmp_path, text)
    wide, pooled = (text.splitlines().index(line) + 1 for line in VARIED.splitlines()[3:5])
    assert [line.partition(": window")[0].partition(": must")[0] for line in found] == [
        f"study.yaml:{wide}: variant wide: layer output (Dense)",
        f"study.yaml:{pooled}: variant pooled: layer conv (MaxPooling2D)",
    ]
    typo = (STUDY + VARIED).splitlines().index(VARIED.splitlines()[-1]) + 1
    with pytest.raises(DataError) as caught:
        planned(tmp_path, STUDY + VARIED)
    assert str(caught.value).startswith(
        f"study.yaml:{typo}: variant as it is/typo: data.source: must be one of"
    )
    with pytest.raises(DataError, match=r"^study.yaml:2: data.source: must be one of digits"):
        planned(tmp_path, STUDY.replace("source: digits", "source: nothing.npz"))


def test_sizes_are_written_with_three_digits():
    assert feasible._size(25_300_000_000) == "25.3 GB"
