"""Study files as text: YAML 1.2, limits, every mistake with its line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.errors import StudyError
from paribus.study.expand import expand
from paribus.study.limits import MAX_BYTES_LARGE
from paribus.study.load import load_study, study_from_mapping
from paribus.study.reading import read_text
from tests.study.written import GOOD, study_from_text


def problems(text):
    with pytest.raises(StudyError) as caught:
        study_from_text(text)
    return str(caught.value).splitlines()


BAD = [
    ("study: small\n", "", "study.yaml:1: study: is required. Add 'study' here."),
    ("study: small", "study: 3", "study.yaml:1: study: must be text, got 3."),
    ("question:", "qestion:", "study.yaml:2: qestion: is not a known key. Did you mean 'question'?"),
    ("seeds: 5", "seeds: 0", "study.yaml:13: seeds: must be greater than 0, got 0."),
    ("seeds: 5", "seeds: [1, 1]", "study.yaml:13: seeds: every seed may be given once, got [1, 1]."),
    ("seeds: 5", "seeds: []", "study.yaml:13: seeds: must hold at least one seed, got an empty list."),
    ("seeds: 5", "seeds: 5\nseeds: 6", "study.yaml:14: seeds: is given twice. Remove one of them."),
    ("epochs: 2", "epochs: 2.5", "study.yaml:12: train.epochs: must be a whole number, got 2.5."),
    ("epochs: 2", "epochs: -2", "study.yaml:12: train.epochs: must be greater than 0, got -2."),
    ("epochs: 2", "epochs: true", "study.yaml:12: train.epochs: must be a whole number, got True."),
    ("epochs: 2", "epoch: 2", "study.yaml:12: train.epoch: is not a known key. It is called 'epochs' here."),
    ("batch_size: 32", "batch_size: big", "study.yaml:12: train.batch_size: must be a whole number, got 'big'."),
    ("{SGD: {learning_rate: 0.1}}", "{SDG: {}}", "study.yaml:12: train.optimizer: must name one that exists, got 'SDG'. Did you mean 'SGD'?"),
    ("learning_rate: 0.1", "lr: 0.1", "study.yaml:12: train.optimizer.SGD.lr: is not a known key. It is called 'learning_rate' here."),
    ("learning_rate: 0.1", "learning_rate: 0", "study.yaml:12: train.optimizer.SGD.learning_rate: must be greater than 0, got 0."),
    ("learning_rate: 0.1", "learning_rate: .inf", "study.yaml:12: train.optimizer.SGD.learning_rate: must be a finite number, got inf."),
    ("learning_rate: 0.1", "momentum: 1.0", "study.yaml:12: train.optimizer.SGD.momentum: must be less than 1, got 1.0."),
    ("epochs: 2", "epochs: 2, loss: crossentropy", "study.yaml:12: train.loss: must be one of categorical_crossentropy, sparse_categorical_crossentropy, mean_squared_error, half_squared_error, binary_crossentropy, got 'crossentropy'. It is called 'categorical_crossentropy' here."),
    ("epochs: 2", "epochs: 2, schedule: cosin", "study.yaml:12: train.schedule: must name one that exists, got 'cosin'. Did you mean 'cosine'?"),
    ("epochs: 2", "epochs: 2, early_stopping: {}", "study.yaml:12: train.early_stopping.patience: is required. Add 'patience' here."),
    ("source: mnist", "sorce: mnist", "study.yaml:3: data.sorce: is not a known key. Did you mean 'source'?"),
    ("preprocess: [scale]", "preprocess: [scal]", "study.yaml:3: data.preprocess.0: must name a preprocessing step, got 'scal'. Did you mean 'scale'?"),
    ("preprocess: [scale]", "preprocess: scale", "study.yaml:3: data.preprocess: must be a list of steps, got 'scale'."),
    ("preprocess: [scale]", "preprocess: [{resize: {height: 3}}]", "study.yaml:3: data.preprocess.0.resize.width: is required. Add 'width' here."),
    ("preprocess: [scale]", "split: {train: 0.5, validation: 0.2, test: 0.2}", "study.yaml:3: data.split: train, validation and test must add up to 1, got 0.9."),
    ("preprocess: [scale]", "split: {train: 0.5}", "study.yaml:3: data.split: must give all of train, validation and test as shares, or only validation (or validation: official with a share for test)."),
    ("preprocess: [scale]", "split: {validation: official, train: 0.5}", "study.yaml:3: data.split: must give all of train, validation and test as shares, or only validation (or validation: official with a share for test)."),
    ("defaults: keras", "defaults: jax", "study.yaml:5: model.defaults: must be one of keras, torch, got 'jax'."),
    ("Conv2D:", "Conv2d:", "study.yaml:7: model.layers.0: must name a layer, got 'Conv2d'. It is called 'Conv2D' here."),
    ("filters: 4", "filter: 4", "study.yaml:7: model.layers.0.Conv2D.filter: is not a known key. It is called 'filters' here."),
    ("kernel_size: 3", "kernel_size: 0", "study.yaml:7: model.layers.0.Conv2D.kernel_size.0: must be greater than 0, got 0."),
    ("activation: relu}\n    - Max", "activation: rleu}\n    - Max", "study.yaml:7: model.layers.0.Conv2D.activation: must be one of linear, relu, sigmoid, tanh, softmax, gelu, silu, elu, leaky_relu, softplus, got 'rleu'. Did you mean 'relu'?"),
    ("- Flatten", "- 3", "study.yaml:9: model.layers.2: must be a layer: Name, or {Name: {argument: value}}, got 3."),
    ("name: pool,", "name: conv,", "study.yaml:6: model.layers: layer names must be unique, but 2 layers are called, got 'conv'."),
    ("units: 8", "units: 8, kernel_initializer: {random_normal: {stddev: -0.1}}", "study.yaml:10: model.layers.3.Dense.kernel_initializer: random_normal.stddev must be 0 or more, got {'random_normal': {'stddev': -0.1}}."),
    ("units: 8", "units: 8, kernel_initializer: {random_uniform: {minval: 0.1}}", "study.yaml:10: model.layers.3.Dense.kernel_initializer: random_uniform.minval must not be larger than maxval, got {'random_uniform': {'minval': 0.1}}."),
    ("- Flatten", "- Flatten\n    - Rescaling: {scale: 0}", "study.yaml:10: model.layers.3.Rescaling.scale: must not be 0, which makes all images equal, got 0."),
    ("units: 8", "units: 8, kernel_initializer: he", "study.yaml:10: model.layers.3.Dense.kernel_initializer: must name an initialiser, got 'he'. Known: constant, glorot_normal, glorot_uniform, he_normal, he_uniform, lecun_normal, lecun_uniform, ones, orthogonal, random_normal, random_uniform, torch_uniform, zeros."),
    ("units: 8", "units: 8, kernel_regularizer: {l3: 1}", "study.yaml:10: model.layers.3.Dense.kernel_regularizer.l3: is not a known key. Known: l1, l2."),
    ("{set: {model.hidden.units: 16}}", "{set: {model.hiden.units: 16}}", "study.yaml:17: factors.width.large.set.model.hiden.units: must name a layer of the model, got 'hiden'. Did you mean 'hidden'?"),
    ("{set: {model.hidden.units: 16}}", "{set: {model.hidden.unit: 16}}", "study.yaml:17: factors.width.large.set.model.hidden.unit: Dense has no argument 'unit'. Did you mean 'units'?"),
    ("{set: {model.hidden.units: 16}}", "{set: {modle.hidden.units: 16}}", "study.yaml:17: factors.width.large.set.modle.hidden.units: must begin with model., data. or train., got 'modle.hidden.units'. Did you mean 'model'?"),
    ("{set: {model.hidden.units: 16}}", "{set: {model.hidden.units: many}}", "study.yaml:17: factors.width.large: makes model.layers.3.Dense.units invalid: it must be a whole number, got 'many'."),
    ("{set: {model.hidden.units: 16}}", "{set: {train.epocs: 3}}", "study.yaml:17: factors.width.large: makes train.epocs invalid: it is not a known key. Did you mean 'epochs'?"),
    ("{set: {model.hidden.units: 16}}", "{sett: {model.hidden.units: 16}}", "study.yaml:17: factors.width.large.sett: is not a known edit. Did you mean 'set'?"),
    ("{set: {model.hidden.units: 16}}", "{remove: [BatchNormalization]}", "study.yaml:17: factors.width.large.remove: must name a layer of the model, got 'BatchNormalization'. Known: Conv2D, Dense, Flatten, MaxPooling2D, conv, flatten_1, hidden, output, pool."),
    ("{set: {model.hidden.units: 16}}", "{insert: {after: hidden}}", "study.yaml:17: factors.width.large.insert: must hold layers, and either before or after, got {'after': 'hidden'}."),
    ("{set: {model.hidden.units: 16}}", "{insert: {after: hidden, layers: [Dropuot]}}", "study.yaml:17: factors.width.large.insert.layers.0: must name a layer, got 'Dropuot'. Did you mean 'Dropout'?"),
    ("{set: {model.hidden.units: 16}}", "{replace: {flat: Flatten}}", "study.yaml:17: factors.width.large.replace.flat: must name a layer of the model, got 'flat'. Did you mean 'Flatten'?"),
    ("{set: {model.hidden.units: 16}}", "{set: {model.hidden.units: 8}}", "study.yaml:14: factors: variants must differ, but 'large/none' and 'small/none' resolve to the same settings. Remove one of them, or correct its edit."),
    ("    some: {insert: {after: hidden, layers: [{Dropout: {rate: 0.2}}]}}\n", "", "study.yaml:18: factors.dropout: a factor needs at least two levels, got 1."),
    ("rate: 0.2", "rate: 1.2", "study.yaml:20: factors.dropout.some.insert.layers.0.Dropout.rate: must be less than 1, got 1.2."),
    ("{width: small, dropout: none}", "{width: tiny}", "study.yaml:21: baseline.width: must name a level, got 'tiny'. Known: large, small."),
    ("{width: small, dropout: none}", "{with: small}", "study.yaml:21: baseline.with: must name a factor. Did you mean 'width'?"),
    ("{width: small, dropout: none}", "small", "study.yaml:21: baseline: must be a mapping of factor: level, got 'small'."),
    ("large > small on", "larger > small on", "study.yaml:23: claims.0.says: must name a level or a variant, got 'larger'. Did you mean 'large'?"),
    ("large > small on", "large > some on", "study.yaml:23: claims.0.says: must compare two levels of one factor, got 'large and some'."),
    ("large > small on", "large > large on", "study.yaml:23: claims.0.says: must compare two different levels, got 'large'."),
    ("large > small on val_accuracy", "large beats small", "study.yaml:23: claims.0.says: must read \"LEFT > RIGHT on METRIC\" (or < or =), \"LEFT > 0.75 on METRIC\" (or 75 %), \"LEFT > RIGHT in most seeds on METRIC\", \"LEFT collapses less often than RIGHT\" (or more), \"LEFT - RIGHT depends on FACTOR on METRIC\", \"METRIC rises with FACTOR\" (or falls), got 'large beats small'."),
    ("on val_accuracy", "on val_acuracy", "study.yaml:23: claims.0.says: must name a metric, got 'val_acuracy'. Did you mean 'val_accuracy'?"),
    ("within: {dropout: none}", "within: {width: small}", "study.yaml:23: claims.0.within.width: must name another factor. Known: dropout."),
    ("within: {dropout: none}", "within: {dropout: non}", "study.yaml:23: claims.0.within.dropout: must name a level, got 'non'. Did you mean 'none'?"),
    ("on val_accuracy", "on val_accuracy@0", "study.yaml:23: claims.0.says: must name an epoch after @, 1 for the first, got 'val_accuracy@0'."),
    ("on val_accuracy", "on test_loss@2", "study.yaml:23: claims.0.says: knows test metrics only at the end, got 'test_loss@2'."),
    ("within: {dropout: none}", "scope: everywhere", "study.yaml:23: claims.0.scope: must be one of this-split, data-source, got 'everywhere'. Known: data-source, this-split."),
    ('on val_accuracy", within: {dropout: none}', 'on loss", scope: data-source', "study.yaml:23: claims.0.scope: can be data-source only for val_accuracy and test_accuracy, got 'loss'."),
    ("seeds: 5", "seeds: 5\npublished: {val_acc: {small/none: 0.9}}", "study.yaml:14: published.val_acc: must be a metric. Did you mean 'val_accuracy'?"),
    ("seeds: 5", "seeds: 5\npublished: {val_accuracy: {small/non: 0.9}}", "study.yaml:14: published.val_accuracy.small/non: must name a variant. Did you mean 'small/none'?"),
    ("seeds: 5", "seeds: 5\npublished: {val_accuracy: {small/none: 90}}", "study.yaml:14: published.val_accuracy.small/none: must be a fraction from 0 to 1, got 90.0."),
    ("within: {dropout: none}", "margin: -1", "study.yaml:23: claims.0.margin: must be greater than or equal to 0, got -1."),
    ("seeds: 5", "design: listed", "study.yaml:13: design: listed needs variants:, got none. List them under variants:."),
    ("seeds: 5", "variants: {a: {}}", "study.yaml:14: factors: cannot stand beside design: listed. Remove one of both."),
    ("seeds: 5", "select: {by: accuracy}", "study.yaml:13: select.by: must be one of val_accuracy, val_loss, got 'accuracy'. Did you mean 'val_accuracy'?"),
    ("question: What", "question: &a What", "study.yaml:2: anchors (&) and aliases (*) are not allowed, got 'a'. Write the value out."),
    ("question: What helps?", "question: !!python/name:os.system x", "study.yaml:2: tags (!) are not allowed, got 'tag:yaml.org,2002:python/name:os.system'. Write plain values."),
    ("question: What helps?", "question: a: b", "study.yaml:2: must be valid YAML, got mapping values are not allowed here."),
    ("seeds: 5", "seeds: 5\n---\nstudy: two", "study.yaml:14: must hold one document, got a second '---'."),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "text"), BAD, ids=range(len(BAD)))
def test_every_mistake_is_named_with_its_line(old, new, text):
    assert GOOD.count(old) >= 1
    assert text in problems(GOOD.replace(old, new, 1))


def test_a_good_file_is_good():
    assert len(expand(study_from_text(GOOD)).variants) == 4


def test_all_problems_come_at_once_in_the_order_of_the_file():
    text = (
        GOOD.replace("epochs: 2", "epocs: 2")
        .replace("filters: 4", "filters: x")
        .replace("seeds: 5", "seeds: 0")
    )
    lines = problems(text)
    assert lines == [
        "study.yaml:7: model.layers.0.Conv2D.filters: must be a whole number, got 'x'.",
        "study.yaml:12: train.epochs: is required. Add 'epochs' here.",
        "study.yaml:12: train.epocs: is not a known key. Did you mean 'epochs'?",
        "study.yaml:13: seeds: must be greater than 0, got 0.",
    ]


def test_limits_on_size_and_depth(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (MAX_BYTES_LARGE + 1))
    with pytest.raises(StudyError, match="must be at most 1,000,000 bytes"):
        load_study(path)
    assert problems("a: " + "[" * 40 + "]" * 40) == [
        "study.yaml:1: must not be nested deeper than 32 levels."
    ]
    path.write_bytes(b"study: \xff")
    with pytest.raises(StudyError, match="must be UTF-8 text"):
        load_study(path)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="-:{}[]&*!|>'\"#%@ \n\tab01", max_size=60))
def test_no_text_gives_anything_but_a_study_or_a_study_error(text):
    try:
        study_from_text(text)
    except StudyError as error:
        assert str(error)


def test_yaml_1_2_scalars():
    value = read_text("a: yes\nb: 0o17\nc: 1e-3\nd: null\ne: '5'\nf: 010\ng: .5\n12: x\n").value
    assert value == {
        "a": "yes",
        "b": 15,
        "c": 0.001,
        "d": None,
        "e": "5",
        "f": 10,
        "g": 0.5,
        "12": "x",
    }


def test_a_mapping_keeps_its_order_and_may_hold_one_object_twice():
    hidden = {"Dense": {"units": 8, "activation": "relu"}}
    mapping = {
        "study": "s",
        "data": {"source": "digits", "preprocess": ["scale"]},
        "model": {"layers": ["Flatten", hidden, hidden, {"Dense": {"units": 10}}]},
        "train": {"optimizer": "SGD", "epochs": 1, "batch_size": 32},
        "factors": {"z": {"b": None, "a": {"set": {"train.epochs": 2}}}, "y": {"d": None, "c": {"set": {"train.batch_size": 16}}}},
    }  # fmt: skip
    plan = expand(study_from_mapping(mapping))
    assert [variant.name for variant in plan.variants] == ["b/d", "b/c", "a/d", "a/c"]
