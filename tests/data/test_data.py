"""Sources, splits and preprocessing: exact on good files, clear on damaged ones."""

import gzip
import hashlib
import http.server
import io
import os
import pickle
import tarfile
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.preprocessing import StandardScaler

from paribus.data.binary.cifar import BATCHES, plain_value, read_cifar
from paribus.data.binary.decoded import decoded
from paribus.data.dataset import make_dataset
from paribus.data.exported import export_dataset, open_dataset
from paribus.data.facts import data_facts, image_digests
from paribus.data.image_arrays import LookUp
from paribus.data.load import describe, load_dataset
from paribus.data.prepare import FittedPreprocessing, open_test, prepare
from paribus.data.sources import cifar10, mnist
from paribus.data.sources.base import official
from paribus.data.spec import DataSpec, SplitSpec
from paribus.data.splits import Split, split_ids, subset, unused_parts
from paribus.errors import DataError
from paribus.records import Parts


def spec(source="digits", **more):
    return DataSpec.parse({"source": str(source), **more})


def refusal(source, **more):
    with pytest.raises(DataError) as caught:
        load_dataset(spec(source, **more))
    return str(caught.value)


# Splits and subsets


@settings(max_examples=25, deadline=None)
@given(
    st.integers(40, 300),
    st.integers(2, 6),
    st.integers(0, 5),
    st.sampled_from([(0.5, 0.3, 0.2), (0.6, 0.2, 0.2)]),
)
def test_splits_are_disjoint_stratified_and_repeatable(count, classes, seed, shares):
    labels = np.arange(count) % classes
    rule = SplitSpec(train=shares[0], validation=shares[1], test=shares[2], seed=seed)
    split = split_ids(rule, labels, Parts(count))
    parts = (split.train, split.validation, split.test)
    assert sorted(np.concatenate(parts)) == list(range(count))
    assert len(split.train) == round(shares[0] * count)
    for part in parts:
        counts = np.bincount(labels[part], minlength=classes)
        assert counts.max() - counts.min() <= 2
    again = split_ids(rule, labels, Parts(count))
    assert all(
        (a == b).all()
        for a, b in zip(parts, (again.train, again.validation, again.test), strict=True)
    )
    other = split_ids(rule.model_copy(update={"seed": seed + 1}), labels, Parts(count))
    assert not np.array_equal(other.train, split.train)


@pytest.mark.parametrize(
    ("parts", "written", "sizes"),
    [
        (Parts(100), {"train": 0.6, "validation": 0.2, "test": 0.2}, (60, 20, 20)),
        (Parts(80, test=20), {"validation": 0.2}, (64, 16, 20)),
        (Parts(60, 15, 25), {"validation": "official"}, (60, 15, 25)),
        (Parts(80, validation=20), {"validation": "official", "test": 0.2}, (64, 20, 16)),
    ],
)
def test_without_shares_the_source_decides_and_its_own_parts_stay_what_they_are(
    parts, written, sizes
):
    labels, rule = np.arange(100) % 4, SplitSpec(seed=3)
    full = rule.completed(parts)
    assert full == SplitSpec(seed=3, **written)
    assert full.completed(Parts(5, 5, 5)) == full
    split = split_ids(rule, labels, parts)
    assert (len(split.train), len(split.validation), len(split.test)) == sizes
    if parts.validation:
        start = parts.train
        assert list(split.validation) == list(range(start, start + parts.validation))
    if parts.test:
        assert list(split.test) == list(range(100 - parts.test, 100))
    together = np.concatenate([split.train, split.validation, split.test])
    assert sorted(together) == list(range(100))


def test_a_part_of_the_source_that_is_not_used_is_said():
    parts = Parts(60, 15, 25)
    assert unused_parts(SplitSpec(), parts) == ()
    shares = SplitSpec(train=0.6, validation=0.2, test=0.2)
    first, second = unused_parts(shares, parts)
    assert first.startswith("the source's own validation part (15 images) is not used")
    assert second.startswith("the source's own test part (25 images) is not used")
    assert unused_parts(shares.model_copy(update={"use": "all"}), parts) == ()
    (said,) = unused_parts(SplitSpec(validation="test"), parts)
    assert said.startswith("the source's own validation part (15 images) is not used")
    (said,) = unused_parts(SplitSpec(validation=0.2), parts)
    assert said == (
        "data.split.validation, a share, is not used: "
        "the source's own validation part (15 images) is"
    )
    split = split_ids(SplitSpec(validation=0.2), np.arange(100) % 2, parts)
    assert list(split.validation) == list(range(60, 75))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9), st.integers(10, 60), st.integers(61, 150))
def test_smaller_subsets_are_part_of_larger_ones(seed, small, large):
    labels = np.arange(400) % 5
    train = np.arange(0, 400, 2)
    first, second = (subset(train, labels, size, seed) for size in (small, large))
    assert (len(first), len(second)) == (small, large)
    assert set(first) < set(second) < set(train)
    counts = np.bincount(labels[first], minlength=5)
    assert counts.max() - counts.min() <= 1
    assert not np.array_equal(first, subset(train, labels, small, seed + 1))


def test_the_official_test_part_stays_the_test_part_or_validates_when_asked():
    labels = np.arange(100) % 4
    split = split_ids(SplitSpec(validation=0.25), labels, Parts(80, test=20))
    assert list(split.test) == list(range(80, 100))
    assert (len(split.train), len(split.validation)) == (60, 20)
    split = split_ids(SplitSpec(validation="test"), labels, Parts(80, test=20))
    assert list(split.validation) == list(range(80, 100))
    assert (len(split.train), len(split.test)) == (80, 0)
    with pytest.raises(DataError, match="needs the shares of train, validation and test"):
        split_ids(SplitSpec(validation=0.25), labels, Parts(100))
    with pytest.raises(DataError, match="needs a source with a validation part"):
        split_ids(SplitSpec(validation="official", test=0.2), labels, Parts(80, test=20))
    with pytest.raises(
        DataError, match="must be at most the 60 training examples of the split, got 61"
    ):
        subset(np.arange(60), labels, 61, 0)


# Preprocessing


def test_statistics_come_from_training_examples_only():
    data = load_dataset(spec())
    rule = spec(preprocess=["scale", {"standardize": {"over": "pixel"}}])
    prepared = prepare(data, rule, seed=0)
    changed = data.images.copy()
    outside = np.setdiff1d(np.arange(len(changed)), prepared.train_ids)
    changed[outside] = 16 - changed[outside]
    other = prepare(
        make_dataset(changed, data.labels, data.class_names, where="x", maximum=16), rule, seed=0
    )
    for name, array in prepared.preprocessing.to_tensors().items():
        assert (other.preprocessing.to_tensors()[name] == array).all()
    assert (other.train_images.array() == prepared.train_images.array()).all()


def test_standardising_equals_scikit_learn_and_survives_constant_pixels():
    data = load_dataset(spec())
    prepared = prepare(data, spec(preprocess=[{"standardize": {"over": "pixel"}}]), seed=0)
    flat = data.images[prepared.train_ids].reshape(len(prepared.train_ids), -1).astype(float)
    scaler = StandardScaler().fit(flat)
    np.testing.assert_allclose(
        prepared.train_images.array().reshape(len(flat), -1), scaler.transform(flat), atol=1e-5
    )
    validation = data.images[prepared.validation_ids].reshape(len(prepared.validation_ids), -1)
    np.testing.assert_allclose(
        prepared.validation_images.array().reshape(len(validation), -1),
        scaler.transform(validation.astype(float)),
        atol=1e-4,
    )
    constant = int((flat.std(0) == 0).sum())
    assert constant > 0
    assert np.isfinite(prepared.train_images.array()).all()
    assert prepared.preprocessing.notes() == (
        f"{constant} pixels are constant in the training images and were divided by 1",
    )


def test_stored_preprocessing_treats_the_test_part_alike():
    data = load_dataset(spec())
    steps = [
        "invert",
        {"pad": {"pixels": 2}},
        {"resize": {"height": 6, "width": 5}},
        "scale",
        {"standardize": {}},
    ]
    rule = spec(preprocess=steps)
    prepared = prepare(data, rule, seed=0)
    fitted = prepared.preprocessing
    restored = FittedPreprocessing.restored(fitted.to_json(), fitted.to_tensors())
    test, again = open_test(data, rule, fitted), open_test(data, rule, restored)
    assert test.images.image_shape == describe(rule).input_shape == (6, 5, 1)
    assert (test.images.array() == again.images.array()).all()
    assert (fitted.apply(data.images[prepared.train_ids]) == prepared.train_images.array()).all()
    assert not set(test.ids) & (set(prepared.train_ids) | set(prepared.validation_ids))


VALUEWISE = [
    [],
    ["scale"],
    ["scale", "invert", {"standardize": {"over": "all"}}],
    [{"standardize": {"over": "channel"}}, {"standardize": {"over": "channel"}}],
]


@pytest.mark.parametrize("steps", VALUEWISE, ids=str)
def test_looking_values_up_gives_the_bits_of_the_steps(steps):
    rng = np.random.default_rng(0)
    raw = rng.integers(0, 256, (400, 5, 4, 3), dtype=np.uint8)
    raw[..., 2] = 7  # constant
    data = make_dataset(raw, np.arange(400) % 4, ("a", "b", "c", "d"), where="x")
    prepared = prepare(data, spec(preprocess=steps), seed=0)
    fitted, ids = prepared.preprocessing, prepared.train_ids
    assert isinstance(prepared.train_images.source, LookUp)
    assert prepared.train_images.source.raw is data.images, "no copy"
    assert (fitted.apply(raw[ids]) == prepared.train_images.array()).all()
    values = raw[ids].astype(np.float64) / (255 if "scale" in steps else 1)
    values = 1 - values if "invert" in steps else values
    for step in steps:
        if isinstance(step, dict):
            axes = (0, 1, 2) if step["standardize"]["over"] == "channel" else None
            deviation = values.std(axes)
            values = (values - values.mean(axes)) / np.where(deviation < 1e-9, 1, deviation)
    np.testing.assert_allclose(prepared.train_images.array(), values, atol=2e-6)


def test_steps_on_known_numbers():
    images = np.array([[[[0], [128]], [[255], [64]]]], np.uint8)
    data = make_dataset(np.repeat(images, 30, 0), np.arange(30) % 2, ("a", "b"), where="x")
    inverted = prepare(data, spec(preprocess=["scale", "invert"]), seed=0).train_images.array()[
        0, :, :, 0
    ]
    np.testing.assert_allclose(inverted, [[1, 1 - 128 / 255], [0, 1 - 64 / 255]], rtol=1e-6)
    raw = prepare(data, spec(), seed=0).train_images.array()[0, :, :, 0]
    assert raw.tolist() == [[0, 128], [255, 64]]
    colours = np.zeros((30, 1, 1, 3), np.uint8)
    colours[:, 0, 0] = (100, 150, 200)
    data = make_dataset(colours, np.arange(30) % 2, ("a", "b"), where="x")
    gray = prepare(data, spec(preprocess=["grayscale"]), seed=0).train_images.array()
    assert gray[0, 0, 0, 0] == pytest.approx(0.299 * 100 + 0.587 * 150 + 0.114 * 200, rel=1e-6)


# Files


def test_a_fingerprint_notices_every_pixel_label_name_and_part():
    images, labels = np.zeros((4, 2, 2, 1), np.uint8), np.array([0, 1, 0, 1])

    def fingerprint(i=images, y=labels, names=("a", "b"), **more):
        return make_dataset(i, y, names, where="x", **more).fingerprint

    changed = images.copy()
    changed[3, 1, 1, 0] = 1
    prints = [
        fingerprint(),
        fingerprint(changed),
        fingerprint(y=labels[::-1].copy()),
        fingerprint(names=("a", "c")),
        fingerprint(parts=Parts(3, test=1)),
        fingerprint(parts=Parts(3, validation=1)),
        fingerprint(maximum=1),
    ]
    assert len(set(prints)) == 7
    assert fingerprint() == prints[0]


def test_exported_data_read_back_the_same(tmp_path):
    data = load_dataset(spec())
    export_dataset(data, tmp_path / "x")
    again = open_dataset(tmp_path / "x")
    assert isinstance(again.images, np.memmap)
    assert (again.images == data.images).all()
    assert (again.fingerprint, again.class_names, again.maximum) == (
        data.fingerprint,
        data.class_names,
        16,
    )


def idx(array):
    return (
        bytes([0, 0, 8, array.ndim])
        + b"".join(n.to_bytes(4, "big") for n in array.shape)
        + array.tobytes()
    )


def idx_folder(path, pack=gzip.compress, suffix=".gz"):
    path.mkdir(parents=True, exist_ok=True)
    draws = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 30), ("t10k", 10)):
        arrays[part] = (
            draws.integers(0, 256, (count, 5, 4), np.uint8),
            (np.arange(count) % 3).astype(np.uint8),
        )
        (path / f"{part}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(arrays[part][0])))
        (path / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(arrays[part][1])))
    return arrays


@pytest.mark.parametrize(("pack", "suffix"), [(gzip.compress, ".gz"), (bytes, "")])
def test_idx_pairs(tmp_path, pack, suffix):
    arrays = idx_folder(tmp_path / "set", pack, suffix)
    data = load_dataset(spec(tmp_path / "set"))
    assert data.parts.train == 30
    assert (data.images[:30, :, :, 0] == arrays["train"][0]).all()
    assert (data.images[30:, :, :, 0] == arrays["t10k"][0]).all()
    assert (data.labels[30:] == arrays["t10k"][1]).all()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            b"",
            "must begin with the IDX magic number 00 00 08 and a number of axes, got an empty file",
        ),
        (
            b"<html>",
            "must begin with the IDX magic number 00 00 08 and a number of axes, got 3c 68 74 6d",
        ),
        (
            idx(np.zeros((30, 5, 4), np.uint8))[:-7],
            "must hold 616 bytes after unpacking, as its header says, got 609",
        ),
        (
            idx(np.zeros((30, 5, 4), np.uint8)) + b"xx",
            "must hold 616 bytes after unpacking, as its header says, got 618",
        ),
    ],
)
def test_a_damaged_idx_file_is_named(tmp_path, content, text):
    idx_folder(tmp_path, bytes, "")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    assert f"train-images-idx3-ubyte: {text}" in refusal(tmp_path)


def test_a_truncated_gzip_file_is_named(tmp_path):
    idx_folder(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-30])
    text = refusal(tmp_path)
    assert text.startswith(f"{path}: must be readable, got ")
    assert text.endswith("Download the file again.")


def image_folder(path, size=(6, 5), count=4):
    for k, name in enumerate(("cat", "ant", "bee")):
        (path / name).mkdir(parents=True)
        for n in range(count):
            Image.new("L", size, 10 * k + n).save(path / name / f"{n}.png")


def test_an_image_folder_is_sorted_and_dot_files_do_not_count(tmp_path):
    image_folder(tmp_path / "set")
    (tmp_path / "set" / "cat" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "set" / ".git").mkdir()
    data = load_dataset(spec(tmp_path / "set"))
    assert data.class_names == ("ant", "bee", "cat")
    assert data.images.shape == (12, 5, 6, 1)
    assert data.images[:, 0, 0, 0].tolist() == [10, 11, 12, 13, 20, 21, 22, 23, 0, 1, 2, 3]


def test_all_unreadable_images_are_named_at_once(tmp_path):
    image_folder(tmp_path)
    (tmp_path / "ant" / "bad.png").write_bytes(b"not an image")
    (tmp_path / "bee" / "vector.svg").write_text("<svg/>")
    whole = (tmp_path / "cat" / "0.png").read_bytes()
    (tmp_path / "cat" / "cut.png").write_bytes(whole[: len(whole) // 2])
    lines = refusal(tmp_path).splitlines()
    assert [line.split(": ")[0].rsplit("/", 1)[1] for line in lines] == [
        "bad.png",
        "vector.svg",
        "cut.png",
    ]
    assert lines[0].endswith(
        "must be a readable image, got no PNG, JPEG, BMP, GIF, TIFF, WebP or PPM image. "
        "Repair or remove it, or write data.unreadable: skip."
    )


def test_images_of_several_sizes_need_a_resize_step(tmp_path):
    image_folder(tmp_path)
    Image.new("RGB", (9, 9), (1, 2, 3)).save(tmp_path / "cat" / "big.png")
    assert (
        "images must have one size, or the study a resize step, got 5x6 (0.png and 11 more) and 9x9 (big.png)"
        in refusal(tmp_path)
    )
    resize = {"resize": {"height": 7, "width": 7}}
    assert load_dataset(spec(tmp_path, preprocess=[resize])).images.shape == (13, 7, 7, 3)
    assert "must hold one folder per class" in refusal(tmp_path / "ant")


def test_an_unknown_source_suggests_the_nearest():
    assert refusal("minst") == (
        "data.source: must be one of digits, mnist, fashion-mnist, cifar10, or a path that exists, got 'minst'. "
        "Did you mean 'mnist'?"
    )


# CIFAR


def cifar_folder(path, rows=6):
    path.mkdir()
    draws = np.random.default_rng(1)
    images, labels = [], []
    for name in BATCHES:
        images.append(draws.integers(0, 256, (rows, 3072), np.uint8))
        labels.append([int(n) for n in draws.integers(0, 10, rows)])
        value = {
            "batch_label": name,
            "labels": labels[-1],
            "data": images[-1],
            "filenames": ["é.png"] * rows,
        }
        (path / name).write_bytes(pickle.dumps(value, protocol=2))
    meta = {"label_names": list(cifar10.SOURCE.class_names), "num_vis": 3072}
    (path / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))
    return np.concatenate(images), np.concatenate(labels)


def test_cifar_batches_read_without_running_them(tmp_path):
    pixels, labels = cifar_folder(tmp_path / "cifar-10-batches-py")
    data = read_cifar(tmp_path / "cifar-10-batches-py")
    assert data.parts.train == 30
    assert (data.labels == labels).all()
    assert (data.images.transpose(0, 3, 1, 2).reshape(36, 3072) == pixels).all()
    archive = tmp_path / "cifar.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "cifar-10-batches-py", "cifar-10-batches-py")
    assert read_cifar(archive).fingerprint == data.fingerprint
    archive.write_bytes(archive.read_bytes()[:2000])
    with pytest.raises(
        DataError, match=r"must be a whole tar archive|must hold all of CIFAR-10's batches"
    ):
        read_cifar(archive)


class Hostile:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(5))
def test_a_hostile_batch_is_refused_and_nothing_runs(tmp_path, protocol):
    target = tmp_path / "ran"
    for call in (
        Hostile(os.system, f"touch {target}"),
        Hostile(eval, f"open({str(target)!r}, 'w')"),
    ):
        with pytest.raises(ValueError, match="is not plain data"):
            plain_value(pickle.dumps({"data": call}, protocol=protocol))
    assert not target.exists()
    cifar_folder(tmp_path / "set")
    (tmp_path / "set" / "data_batch_2").write_bytes(
        pickle.dumps(Hostile(os.system, "true"), protocol=2)
    )
    with pytest.raises(DataError, match="data_batch_2: must be a batch of plain data"):
        read_cifar(tmp_path / "set")


# Downloads, from a server on this machine


@pytest.fixture
def server():
    files = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body, length = files.get(self.path, (404, b"no", None))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    http_server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http_server.serve_forever)
    thread.start()
    yield files, f"http://127.0.0.1:{http_server.server_port}/"
    http_server.shutdown()
    thread.join()
    http_server.server_close()


BODY = b"the right bytes"
DIGEST = hashlib.sha256(BODY).hexdigest()


def test_a_file_comes_from_the_first_mirror_that_has_it(server, tmp_path):
    files, address = server
    files["/two/a.gz"] = (200, BODY, None)
    found = official.download([address + "one/", address + "two/"], "a.gz", DIGEST, tmp_path)
    assert found.read_bytes() == BODY


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, b"other bytes", None), f"expected hash: {DIGEST}"),
        ((200, b"<html>sign in</html>", None), "hash"),
        ((404, b"", None), "404"),
        ((200, BODY, len(BODY) + 5), "IncompleteRead"),
    ],
)
def test_a_wrong_answer_leaves_nothing_and_says_why(server, tmp_path, answer, reason):
    files, address = server
    files["/a.gz"] = answer
    with pytest.raises(DataError) as caught:
        official.download([address, address], "a.gz", DIGEST, tmp_path)
    text = str(caught.value)
    assert text.startswith(
        f"{tmp_path / 'a.gz'}: could not be downloaded from any mirror, got {address}: "
    )
    assert text.count(address + ": ") == 2
    assert "PARIBUS_DATA" in text
    if reason == f"expected hash: {DIGEST}":
        assert DIGEST in text
        assert hashlib.sha256(b"other bytes").hexdigest() in text
    else:
        assert reason in text
    assert not list(tmp_path.iterdir())


def test_an_endless_body_is_cut_off(server, tmp_path, monkeypatch):
    files, address = server
    monkeypatch.setattr(official, "DOWNLOAD_LIMIT", 10)
    files["/a.gz"] = (200, BODY, None)
    with pytest.raises(DataError, match="more than 10 bytes"):
        official.download([address], "a.gz", DIGEST, tmp_path)


def test_named_sources_are_found_then_cached_then_downloaded(server, tmp_path, monkeypatch):
    files, address = server
    monkeypatch.setenv("PARIBUS_DATA", str(tmp_path / "own"))
    monkeypatch.setattr(official, "cache_folder", lambda: tmp_path / "cache")
    idx_folder(tmp_path / "mirror")
    source = mnist.SOURCE
    digests = {}
    for file in source.files:
        body = (tmp_path / "mirror" / file).read_bytes()
        files[f"/{file}"] = (200, body, None)
        digests[file] = hashlib.sha256(body).hexdigest()
    here = replace(source, class_names=("0", "1", "2"), files=digests, mirrors=(address,))
    assert not here.is_here()
    data = here.load()
    assert here.is_here()
    assert (len(data.images), data.notes) == (40, ())
    assert sorted(p.name for p in (tmp_path / "cache" / "mnist").iterdir()) == sorted(source.files)
    files.clear()
    assert here.load().fingerprint == data.fingerprint
    idx_folder(tmp_path / "own" / "mnist", lambda b: gzip.compress(b, mtime=1))
    own = here.load()
    assert own.fingerprint == data.fingerprint
    assert (
        own.notes[0]
        == "train-images-idx3-ubyte.gz is not the official file (its SHA-256 differs); it is used as it is"
    )


# The real files


@pytest.mark.data
def test_the_real_idx_files_are_the_official_ones(real_data):
    for name in ("mnist", "fashion-mnist"):
        data = load_dataset(spec(name))
        description = describe(spec(name))
        assert data.notes == ()
        assert data.images.shape == (70_000, 28, 28, 1)
        assert data.class_names == description.class_names
        assert description.num_examples == {"train": 48_000, "validation": 12_000, "test": 10_000}
        train, test = np.bincount(data.labels[:60_000]), np.bincount(data.labels[60_000:])
        if name == "mnist":
            assert train.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
            assert test.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
        else:
            assert set(train) == {6000}
            assert set(test) == {1000}


@pytest.mark.data
def test_real_drawings_in_class_folders(real_data):
    data = load_dataset(spec(real_data / "handwritten-digits" / "images"))
    assert data.images.shape[:3] == (250, 28, 28)
    assert data.class_names == tuple("0123456789")
    assert set(np.bincount(data.labels)) == {25}


@pytest.mark.data
@pytest.mark.slow
def test_the_rebuilt_cifar_archive_is_used_with_a_note(real_data):
    data = load_dataset(spec("cifar10"))
    assert data.images.shape == (60_000, 32, 32, 3)
    assert set(np.bincount(data.labels[:50_000])) == {5000}
    assert data.class_names == cifar10.SOURCE.class_names
    assert "is not the official file" in data.notes[0]
    mean = data.images[:50_000].mean((0, 1, 2)) / 255
    np.testing.assert_allclose(mean, [0.49139976, 0.48215817, 0.44653046], atol=1e-7)


def test_a_pixel_bomb_is_refused(tmp_path, monkeypatch):
    image_folder(tmp_path)
    monkeypatch.setattr("paribus.data.pictures.decoding.MAX_PIXELS", 40)
    buffer = io.BytesIO()
    Image.new("L", (7, 7)).save(buffer, "PNG")
    (tmp_path / "ant" / "bomb.png").write_bytes(buffer.getvalue())
    assert "bomb.png: must be a readable image, got 7x7 pixels are more than 40" in refusal(
        tmp_path
    )


def test_a_decoded_archive_is_kept_and_checked(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (9, 4, 4, 3), dtype=np.uint8)
    calls = []

    def decode():
        calls.append(1)
        return make_dataset(
            images, np.arange(9) % 3, ("a", "b", "c"), where="x", parts=Parts(6, test=3)
        )

    first, second = (decoded("d" * 64, decode, tmp_path) for _ in range(2))
    assert len(calls) == 1
    assert first.fingerprint == second.fingerprint
    assert (first.images == second.images).all()
    assert (first.labels == second.labels).all()
    assert (second.parts, second.class_names) == (Parts(6, test=3), ("a", "b", "c"))
    (kept,) = tmp_path.iterdir()
    block = bytearray((kept / "images.npy").read_bytes())
    block[-1] ^= 1
    (kept / "images.npy").write_bytes(block)
    assert (decoded("d" * 64, decode, tmp_path).images == images).all(), "a flipped bit is noticed"
    assert len(calls) == 2
    (kept / "data.json").write_text("{")
    assert decoded("d" * 64, decode, tmp_path).fingerprint == first.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["d" * 32]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("")
    data = make_dataset(
        np.zeros((4, 2, 2, 1), np.uint8), np.array([0, 1, 0, 1]), ("a", "b"), where="x"
    )
    assert decoded("d" * 64, lambda: data, tmp_path / "file" / "cache") is data


def test_looking_at_images_finds_what_was_planted():
    images = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 1), dtype=np.uint8)
    labels = np.arange(30) % 3
    images[20] = images[0]  # validation repeats training
    images[25] = images[1]  # test repeats training
    images[2] = images[3]  # training repeats itself
    labels[2], labels[3] = 0, 1
    labels[20], labels[25] = labels[0], labels[1]
    data = make_dataset(images, labels, ("a", "b", "c"), where="x")
    split = Split(np.arange(15), np.arange(15, 23), np.arange(23, 30))
    found = data_facts(data, split, image_digests(data))
    assert found.shared == {"train, validation": 1, "train, test": 1, "validation, test": 0}
    assert found.examples == (20, 25)
    assert (found.repeated, found.contradictory) == (1, 2)
    assert {name: sum(counts) for name, counts in found.class_counts.items()} == {
        "train": 15,
        "validation": 8,
        "test": 7,
    }


def test_trivial_features_are_the_nearest_class_means_of_scikit_learn():
    from sklearn.neighbors import NearestCentroid

    from paribus.data.trivial import trivial_accuracies

    data = load_dataset(DataSpec.parse({"source": "digits"}))
    split = split_ids(DataSpec.parse({"source": "digits"}).split, data.labels, data.parts)
    found = trivial_accuracies(data, split)
    flat = data.images.reshape(len(data.images), -1).astype(float)
    train, asked = split.train, split.validation
    own = []
    for pixel in range(flat.shape[1]):
        column = flat[:, [pixel]]
        model = (
            NearestCentroid().fit(column[train], data.labels[train])
            if np.ptp(column[train])
            else None
        )
        own.append(-1.0 if model is None else model.score(column[train], data.labels[train]))
    best = [int(np.argmax(own))]
    model = NearestCentroid().fit(flat[train][:, best], data.labels[train])
    assert found["one pixel"] == pytest.approx(
        model.score(flat[asked][:, best], data.labels[asked]), abs=0.01
    )
    mean = flat.mean(1, keepdims=True)
    model = NearestCentroid().fit(mean[train], data.labels[train])
    assert found["mean colour"] == pytest.approx(
        model.score(mean[asked], data.labels[asked]), abs=0.01
    )
    assert max(found.values()) < 0.5
