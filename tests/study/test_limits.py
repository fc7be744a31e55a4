"""Texts, variants and numbers that nobody can have meant are refused at once, with a line and a cure."""

import copy
import time

import pytest

from paribus.errors import StudyError
from paribus.nn.spec import MOST_LAYERS, ModelSpec
from paribus.study import limits
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import _study, study_from_mapping
from paribus.study.reading import read_text

STUDY = """study: small
data: {source: digits, preprocess: [scale]}
model:
  layers:
    - Flatten
    - Dense: {name: output, units: 10, activation: softmax}
train: {optimizer: {SGD: {learning_rate: 0.1}}, epochs: 1, batch_size: 50}
"""
MAPPING = read_text(STUDY).value


def refused(text):
    """Refuse a text; return the problems and the seconds it took."""
    start = time.perf_counter()
    with pytest.raises(StudyError) as caught:
        _study(read_text(text), None)
    return [str(problem) for problem in caught.value.problems], time.perf_counter() - start


LONG = {
    "a flow list of numbers": STUDY + "x: [" + ",".join(["1"] * 400_000) + "]",
    "flow lists": STUDY + "x: [" + ",".join(["[1, 2]"] * 120_000) + "]",
    "short flow lists": STUDY + "x: [" + ",".join(["[1]"] * 20_000) + "]",
    "20,000 layers": STUDY.replace("    - Flatten\n", "    - Flatten\n" * 20_000),
    "20,000 layers in a line": STUDY.replace(
        "layers:\n", "layers: [" + "Flatten, " * 20_000 + "]\n"
    ),
    "20,000 arguments": STUDY.replace("    - Flatten\n", "    - Dense: {units: 8}\n" * 20_000),
    "words": STUDY + "question: " + "word " * 190_000,
    "blank lines": STUDY + "\n" * 900_000,
    "comments": STUDY + "# why\n" * 150_000,
    "a quoted text": STUDY + 'question: "' + "\\n" * 400_000 + '"',
    "keys": STUDY + "".join(f"key{k}: 1\n" for k in range(20_000)),
    "brackets": STUDY + "x: " + "[" * 900,
    "many brackets": STUDY + "x: " + "[" * 200_000,
    "braces": STUDY + "x: " + "{a: " * 900,
    "indents": STUDY + "x:\n" + "".join(" " * k + "a:\n" for k in range(1, 400)),
    "dashes": STUDY + "x:\n  " + "- " * 5_000 + "1",
    "an alias bomb": STUDY + "a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "a long line of aliases": STUDY + "a: &a [1]\nb: [" + "*a, " * 5000 + "]\n",
}


@pytest.mark.parametrize("name", LONG)
def test_long_texts_are_refused_at_once(name):
    problems, seconds = refused(LONG[name])
    assert problems
    assert seconds < 0.5 * SLOW


SLOW = 2
"""Machines that run tests do other things meanwhile."""


def test_texts_up_to_the_limits_are_read():
    fits = STUDY + "question: " + "x" * (limits.MAX_BYTES - len(STUDY) - 11) + "\n"
    assert len(fits) == limits.MAX_BYTES
    assert read_text(fits).value["study"] == "small"
    problems, _ = refused(fits + "#")
    assert problems == [
        f"study.yaml: must be at most {limits.MAX_BYTES:,} bytes, got {limits.MAX_BYTES + 1:,}. {limits.ADVICE}"
    ]
    listed = "[" + "a, " * (limits.MAX_VALUES - 1) + "]"
    assert len(read_text(listed).value) == limits.MAX_VALUES - 1
    problems, _ = refused("[" + "a, " * limits.MAX_VALUES + "]")
    assert problems[0].startswith(f"study.yaml: must hold at most {limits.MAX_VALUES:,} keys")
    nested = "[" * limits.MAX_DEPTH + "]" * limits.MAX_DEPTH
    assert read_text(nested).value
    problems, _ = refused("a: 1\nb: [" + nested + "]")
    assert problems == [f"study.yaml:2: must not be nested deeper than {limits.MAX_DEPTH} levels."]


def test_texts_and_comments_hold_what_they_like():
    text = STUDY + 'question: "' + "[{, " * 5_000 + '"  # ' + "[" * 5_000
    assert read_text(text).value["question"].startswith("[{, [")


def test_who_means_it_says_so():
    text = "large: true\n" + STUDY + "question: " + "x" * 300_000
    assert read_text(text).value["large"] is True
    problems, _ = refused("question: large: true\n" + STUDY + "x: " + "y" * 300_000)
    assert "must be at most" in problems[0]


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("design", ["factorial", "one-at-a-time", "listed"])
def test_variants_are_counted_before_they_are_made(design, large):
    limit = limits.MAX_VARIANTS_LARGE if large else limits.MAX_VARIANTS
    mapping = {**copy.deepcopy(MAPPING), "large": large, "design": design}
    levels = {f"l{k}": {"set": {"train.batch_size": k + 2}} for k in range(11)}
    if design == "listed":
        count = limits.MAX_VARIANTS + 1
        mapping["variants"] = {f"v{k}": {} for k in range(count)}
        if large:
            return
        mapping["variants"] = {f"v{k}": {"set": {"train.batch_size": k + 2}} for k in range(count)}
    elif design == "factorial":
        mapping["factors"] = {f"f{k}": levels for k in range(30)}
        count = 11**30
    else:
        if large:
            return
        mapping["factors"] = {f"f{k}": levels for k in range(101)}
        count = 1 + 101 * 10
    start = time.perf_counter()
    with pytest.raises(StudyError, match=f"must give at most {limit:,} variants, got {count:,}"):
        file_problems(mapping)
    assert time.perf_counter() - start < 1.0


def file_problems(mapping):
    from paribus.checking import parse
    from paribus.study.schema import StudyFile

    issues = limits.variant_issues(parse(StudyFile, mapping))
    raise StudyError(issue.problem() for issue in issues)


def test_a_factorial_explosion_is_one_problem_of_a_study():
    mapping = copy.deepcopy(MAPPING)
    level = {"a": {}, "b": {"set": {"train.batch_size": 7}}}
    mapping["factors"] = {f"f{k}": level for k in range(40)}
    with pytest.raises(StudyError, match="factors: must give at most 1,000 variants") as caught:
        study_from_mapping(mapping)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("seeds", "large", "good"),
    [(1000, False, True), (1001, False, False), (1001, True, True), (list(range(1000)), False, True),
     (list(range(1001)), False, False), (list(range(1001)), True, True), (100_001, True, False),
     ([2**31 - 1], False, True), ([2**31], False, False)],
)  # fmt: skip
def test_seeds_are_limited(seeds, large, good):
    mapping = {**copy.deepcopy(MAPPING), "seeds": seeds, "large": large}
    if good:
        assert len(expand(study_from_mapping(mapping)).seeds) == (
            seeds if isinstance(seeds, int) else len(seeds)
        )
        return
    with pytest.raises(StudyError, match="seeds"):
        study_from_mapping(mapping)


def test_more_seeds_on_the_command_line_are_limited_too():
    study = study_from_mapping(MAPPING)
    with pytest.raises(StudyError, match=r"must be at most 1,000, got 1,001. Write large: true"):
        expand(study, seeds=1001)
    assert len(expand(study_from_mapping({**MAPPING, "large": True}), seeds=1001).seeds) == 1001


def test_large_is_no_part_of_an_identity():
    one, other = (
        plan_trials(
            expand(study_from_mapping({**MAPPING, "large": large})), {"base": "x"}, lambda _: 1
        )
        for large in (False, True)
    )
    assert [trial.identity for trial in one] == [trial.identity for trial in other]


def test_repeated_layers_are_counted_before_they_are_written_out():
    inner = {"Dense": {"units": 4}}
    for _ in range(6):
        inner = {"Repeat": {"times": 1000, "layers": [inner]}}
    start = time.perf_counter()
    with pytest.raises(StudyError, match=rf"must give at most {MOST_LAYERS:,} layers"):
        ModelSpec.parse({"layers": [inner]})
    assert time.perf_counter() - start < 0.5
    fits = {"Repeat": {"times": 1000, "layers": [{"Dense": {"units": 4}}] * 2}}
    assert len(ModelSpec.parse({"layers": [fits]}).resolved().layers) == MOST_LAYERS
    with pytest.raises(StudyError, match="2,001"):
        ModelSpec.parse({"layers": [fits, "Flatten"]})


BAD = (".inf", "-.inf", ".nan", "1e400")
FLOATS = {
    "train: {optimizer: {SGD: {learning_rate: @}}, epochs: 1, batch_size: 5}": "learning_rate",
    "train: {optimizer: {SGD: {momentum: @}}, epochs: 1, batch_size: 5}": "momentum",
    "train: {optimizer: {Adam: {epsilon: @}}, epochs: 1, batch_size: 5}": "epsilon",
    "train: {optimizer: {AdamW: {weight_decay: @}}, epochs: 1, batch_size: 5}": "weight_decay",
    "train: {optimizer: SGD, label_smoothing: @, epochs: 1, batch_size: 5}": "label_smoothing",
    "train: {optimizer: SGD, schedule: {one_cycle: {start_divisor: @}}, epochs: 1, batch_size: 5}": "start_divisor",
    "train: {optimizer: SGD, schedule: {step: {every: 1, factor: @}}, epochs: 1, batch_size: 5}": "factor",
    "train: {optimizer: SGD, early_stopping: {patience: 1, min_delta: @}, epochs: 1, batch_size: 5}": "min_delta",
    "data: {source: digits, split: {train: @, validation: 0.2, test: 0.2}}": "train",
    "data: {source: digits, train_size: @}": "train_size",
    "model: {layers: [{Dense: {units: 10, kernel_regularizer: {l2: @}}}]}": "l2",
    "model: {layers: [{Dense: {units: 10, bias_regularizer: {l1: @}}}]}": "l1",
    "model: {layers: [{Dropout: {rate: @}}]}": "rate",
    "model: {layers: [{LeakyReLU: {negative_slope: @}}]}": "negative_slope",
    "model: {layers: [{Rescaling: {scale: @}}]}": "scale",
    "model: {layers: [{BatchNormalization: {momentum: @}}]}": "momentum",
    "model: {layers: [{BatchNormalization: {epsilon: @}}]}": "epsilon",
    "model: {layers: [{Dense: {units: 10, kernel_initializer: {random_normal: {stddev: @}}}}]}": "kernel_initializer",
    "model: {layers: [{Dense: {units: 10, bias_initializer: {constant: {value: @}}}}]}": "bias_initializer",
    'claims: [{id: a, says: "base > 0.5 on val_accuracy", margin: @}]': "margin",
    "published: {val_accuracy: {base: @}}": "published",
}


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("line", FLOATS)
def test_no_number_may_be_infinite_or_not_a_number(line, value):
    key = line.partition(":")[0]
    kept = [part for part in parts() if not part.startswith(key)]
    text = "\n".join([*kept, line.replace("@", value)]) + "\n"
    problems, _ = refused(text)
    assert any(FLOATS[line] in problem for problem in problems)
    lines = (f"study.yaml:{len(kept) + 1}", "study.yaml:1")
    assert all(problem.startswith(lines) for problem in problems)


def parts():
    """The study with every top-level key on one line."""
    return [
        "study: small",
        "data: {source: digits, preprocess: [scale]}",
        "model: {layers: [Flatten, {Dense: {name: output, units: 10, activation: softmax}}]}",
        "train: {optimizer: {SGD: {learning_rate: 0.1}}, epochs: 1, batch_size: 50}",
    ]


WHOLE = {
    "train: {optimizer: SGD, epochs: @, batch_size: 5}": 100_000,
    "train: {optimizer: SGD, epochs: 1, batch_size: @}": 10_000_000,
    "train: {optimizer: SGD, epochs: 1, batch_size: 5, steps_per_epoch: @}": 10_000_000,
    "train: {optimizer: SGD, epochs: 1, batch_size: 5, early_stopping: {patience: @}}": 100_000,
    "model: {layers: [Flatten, {Dense: {units: @}}]}": 1_000_000,
    "model: {layers: [{Conv2D: {filters: @, kernel_size: 3}}]}": 1_000_000,
    "model: {layers: [{Conv2D: {filters: 2, kernel_size: @, padding: same}}]}": 10_000,
    "model: {layers: [{Conv2D: {filters: 2, kernel_size: 3, strides: @, padding: same}}]}": 10_000,
    "model: {layers: [{MaxPooling2D: {pool_size: @, padding: same}}]}": 10_000,
    "model: {layers: [{ZeroPadding2D: {padding: @}}]}": 10_000,
    "model: {layers: [{DepthwiseConv2D: {kernel_size: 3, depth_multiplier: @}}]}": 1_000_000,
    "model: {layers: [{Repeat: {times: @, layers: [Flatten]}}]}": 1_000,
}


@pytest.mark.parametrize("line", WHOLE)
def test_whole_numbers_have_sane_limits(line):
    key, most = line.partition(":")[0], WHOLE[line]
    kept = [part for part in parts() if not part.startswith(key)]
    for value in (most + 1, 10**18, 10**19, 10**30, 0 if "ZeroPadding" not in line else -1, -3):
        problems, _ = refused("\n".join([*kept, line.replace("@", str(value))]) + "\n")
        assert problems[0].startswith(f"study.yaml:{len(kept) + 1}: {key}")
    read_text("\n".join([*kept, line.replace("@", str(most))]))
    expand(_study(read_text("\n".join([*kept, line.replace("@", str(most))])), None))
