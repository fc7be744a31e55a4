"""Named sources: found, then cached, then downloaded; a wrong or endless answer leaves nothing."""

import gzip
import hashlib
import http.server
import threading
from dataclasses import replace

import pytest

from paribus.data.sources import mnist, named_sources
from paribus.data.sources.base import official
from paribus.errors import DataError
from tests.data.small_data import idx_folder


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


OFFICIAL = [file for file in named_sources().values() if isinstance(file, official.OfficialSource)]


@pytest.mark.data
@pytest.mark.parametrize("source", OFFICIAL, ids=lambda source: source.name)
def test_the_folders_of_torchvision_are_found(source, tmp_path, monkeypatch, real_data):
    """`torchvision.datasets.MNIST(root)` keeps its files in root/MNIST/raw, CIFAR10(root) in root itself."""
    (found,) = {path.parent for path in source._local()}
    whole = source.load()
    place = tmp_path / source.torchvision
    place.parent.mkdir(parents=True, exist_ok=True)
    if place == tmp_path:
        for path in source._local():
            (tmp_path / path.name).symlink_to(path)
    else:
        place.symlink_to(found)
    monkeypatch.setenv("PARIBUS_DATA", str(tmp_path))
    assert {path.parent for path in source._local()} == {place}
    assert source.load().fingerprint == whole.fingerprint
