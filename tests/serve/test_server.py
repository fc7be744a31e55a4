"""The server at work: real requests, real runs, and how both end."""

import json
import signal
import subprocess
import sys
import time

import httpx
import pytest
from typer.testing import CliRunner

from paribus.api.results.watching import watch
from paribus.cli.main import app as command_line
from paribus.errors import StoreError
from paribus.report.html import part_mark
from paribus.serve.pages import Library, existing_library
from paribus.serve.runs import arguments_of
from paribus.serve.server import serving

pytestmark = pytest.mark.slow

runner = CliRunner()


def client_of(found):
    client = httpx.Client(base_url=f"http://127.0.0.1:{found.port}", timeout=30)
    client.headers["authorization"] = f"Bearer {found.token}"
    client.headers["origin"] = f"http://127.0.0.1:{found.port}"
    return client


def news(client, address, seconds=10.0):
    """Yield (name, mark, html) of every part that is sent within some seconds."""
    end = time.monotonic() + seconds
    with client.stream("GET", address) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                part = json.loads(line.removeprefix("data: "))
                yield part["name"], part["mark"], part["html"]
            if time.monotonic() > end:
                return


def await_that(condition, seconds=90.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def test_the_printed_address_shows_the_studies(finished):
    with serving(Library(finished)) as found, httpx.Client(follow_redirects=True) as client:
        page = client.get(found.address)
        assert page.status_code == 200
        assert "Does width matter?" in page.text
        assert "Finished: 4 of 4 trials done." in page.text


def test_a_single_study_is_shown_at_once(finished):
    with (
        serving(Library(finished / "small")) as found,
        httpx.Client(follow_redirects=True, timeout=60) as client,
    ):
        page = client.get(found.address)
    assert "<h1>Does width matter?</h1>" in page.text
    assert 'id="pad"' in page.text, "digits can be drawn"


def test_a_page_is_sent_what_it_lacks_and_no_more(finished):
    library = Library(finished)
    (page,) = library.pages()
    parts = page.parts()
    with serving(library) as found, client_of(found) as client:
        address = f"/studies/{page.identifier}/events"
        sent = {name: mark for name, mark, _ in news(client, address, 2.5)}
        assert sent == {name: part_mark(html) for name, html in parts.items()}
        known = ",".join(f"{name}:{mark}" for name, mark in sent.items() if name != "claims")
        again = list(news(client, f"{address}?has={known}", 2.5))
    assert [name for name, _, _ in again] == ["claims"]


def test_the_download_is_the_report_that_stands_alone(finished):
    library = Library(finished)
    (page,) = library.pages()
    with serving(library) as found, client_of(found) as client:
        answer = client.get(f"/studies/{page.identifier}/report.html")
    assert answer.headers["content-disposition"] == 'attachment; filename="report.html"'
    assert answer.text == (finished / "small" / "report.html").read_text()
    assert "<script" not in answer.text


def test_an_image_is_classified_by_all_seeds_of_a_variant(finished):
    import io

    import numpy as np
    from PIL import Image

    pixels = np.full((64, 64), 255, np.uint8)
    pixels[8:56, 28:36] = 0
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    library = Library(finished)
    (page,) = library.pages()
    with serving(library) as found, client_of(found) as client:
        address = f"/studies/{page.identifier}/classify"
        answer = client.post(f"{address}?variant=wide", content=buffer.getvalue()).json()
        wrong = client.post(f"{address}?variant=wid", content=buffer.getvalue())
    assert (answer["variant"], answer["networks"]) == ("wide", 2)
    assert sum(value for _, value in answer["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert max(answer["probabilities"], key=lambda item: item[1])[0] == answer["label"]
    assert answer["read"].startswith("data:image/png;base64,")
    assert wrong.status_code == 409
    assert "Did you mean 'wide'?" in wrong.json()["error"]


@pytest.mark.slow
def test_a_run_is_stopped_and_goes_on_from_the_page(study_file, tmp_path):
    out = tmp_path / "out"
    library = Library(out)
    page = library.page_of(out)
    with serving(library) as found, client_of(found) as client:
        base = f"/studies/{page.identifier}"
        assert "Nothing has been run here yet." in client.get(f"{base}/").text
        page.run.start(arguments_of(study_file, out, {"jobs": 1, "seeds": 3}))
        await_that(lambda: (out / "paribus.db").exists() and page_says(page, "Running: "))
        await_that(lambda: watch(out).done_epochs > 5)
        busy = client.post(f"{base}/resume")
        assert (busy.status_code, "in use by another run" in busy.text) == (409, True)

        assert client.post(f"{base}/stop").status_code == 200
        await_that(lambda: not page.run.ours)
        assert page.run.exit_code == 130
        stopped = watch(out)
        assert stopped.state == "stopped"
        assert (len(stopped.trials), stopped.count("running")) == (6, 0)
        assert page_says(page, "Stopped: ")
        assert client.post(f"{base}/stop").status_code == 409

        assert client.post(f"{base}/resume").status_code == 200
        await_that(lambda: watch(out).done_epochs > stopped.done_epochs + 5)
        assert watch(out).state == "running"
        assert len(watch(out).trials) == 6, "with three seeds, as it was run before"
    assert not page.run.ours, "the server takes its runs along"
    assert watch(out).done_epochs >= stopped.done_epochs, "nothing acknowledged is lost"


def page_says(page, text):
    return text in page.parts()["live"]


@pytest.mark.slow
def test_run_with_serve_from_the_shell(study_file, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "paribus", "run", str(study_file), "--out", str(out)]
    options = ["--serve", "--jobs", "1", "--seeds", "4", "--set", "train.epochs=1"]
    process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)
    try:
        said = process.stderr.readline()
        assert said.startswith("Live page: http://127.0.0.1:")
        address = said.split()[-1]
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            await_that(lambda: "Finished: 8 of 8 trials done." in client.get(address).text)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode in (0, 1)
    assert (out / "report.html").exists()


def test_a_run_of_somebody_else_cannot_be_stopped_here(finished):
    (page,) = Library(finished).pages()
    with pytest.raises(StoreError, match="no run of this server"):
        page.run.stop()


def test_a_port_that_is_taken_is_one_clear_error(finished):
    library = Library(finished)
    with (
        serving(library) as found,
        pytest.raises(StoreError, match=f"--port {found.port}: must be free on this machine"),
        serving(library, port=found.port),
    ):
        pass


def test_folders_without_a_study_are_one_clear_error(tmp_path):
    with pytest.raises(StoreError, match="no such folder"):
        existing_library(tmp_path / "nowhere")
    found = runner.invoke(command_line, ["serve", str(tmp_path)])
    assert found.exit_code == 2
    assert "got no study. Run a study first" in found.stderr


def test_serve_and_json_exclude_each_other(study_file):
    found = runner.invoke(command_line, ["run", str(study_file), "--serve", "--json"])
    assert (found.exit_code, found.stdout) == (2, "")
    assert "--serve and --json exclude each other" in found.stderr


def test_a_mistake_in_the_study_is_said_before_anything_is_served(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("study: x\n")
    found = runner.invoke(command_line, ["run", str(path), "--serve"])
    assert found.exit_code == 2
    assert "Live page" not in found.stderr


def test_what_is_missing_for_the_page_is_said(finished, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    found = runner.invoke(command_line, ["serve", str(finished)])
    assert found.exit_code == 2
    assert "pip install 'paribus[serve]'" in found.stderr


def test_a_damaged_study_is_listed_with_what_is_wrong(tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "paribus.db").write_text("no database")
    html = Library(tmp_path).parts()["studies"]
    assert "broken" in html
    assert "The file is damaged" in html


def test_a_damaged_study_is_one_clear_error_on_its_page(finished, tmp_path):
    import shutil

    shutil.copytree(finished / "small", tmp_path / "small")
    library = Library(tmp_path)
    (page,) = library.pages()
    for weights in (tmp_path / "small" / "artifacts").glob("*/*.safetensors"):
        weights.write_bytes(b"no weights")
    with serving(library) as found, client_of(found) as client:
        answer = client.get(f"/studies/{page.identifier}/")
        assert answer.status_code == 200
        assert "damaged" in answer.text
        (tmp_path / "small" / "paribus.db").write_text("no database")
        again = client.get(f"/studies/{page.identifier}/")
    assert "The file is damaged" in again.text
    assert "Reading the study" not in again.text
