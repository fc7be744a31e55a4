"""`--store`: trials live in another store, the folder finds it again, and no secret is told; `--on`."""

import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML
from typer.testing import CliRunner

import paribus
from paribus.api.run.place import KEPT
from paribus.api.run.running import RunOptions
from paribus.cli.main import app
from paribus.serve.pages import Library, existing_library
from paribus.store.address import VARIABLE
from paribus.store.store import open_store
from tests.conftest import TINY

pytestmark = pytest.mark.slow

runner = CliRunner()
UNREACHABLE = "postgresql://me:s3cr3t-9@127.0.0.1:1/study"


def call(*arguments):
    return runner.invoke(app, list(map(str, arguments)))


def said(*arguments):
    """What a command prints that must succeed."""
    done = call(*arguments)
    assert done.exit_code in (0, 1), (arguments, done.stderr, done.exception)
    return done.stdout


def refusal(*arguments):
    """The one line of a command that must be refused."""
    done = call(*arguments)
    assert (done.exit_code, done.stdout) == (2, ""), (arguments, done.stdout, done.exception)
    (line,) = done.stderr.splitlines()
    return line


def numbers(text):
    """Results as JSON, without how long things took."""
    found = json.loads(text)
    return {**found, "trials": [{**trial, "seconds": 0} for trial in found["trials"]]}


def everything_said(folder, *more):
    """What each command that reads results prints of a folder; files go beside it."""
    beside = folder.parent / "beside"
    shutil.rmtree(beside, ignore_errors=True)
    own = beside / "own" / "1"
    own.mkdir(parents=True)
    stroke = np.zeros((28, 28), np.uint8)
    stroke[4:24, 12:16] = 250
    Image.fromarray(stroke).save(own / "a.png")
    store = [word for url in more for word in ("--store", url)]
    printed = [
        said("results", folder, "--json", *store),
        said("status", folder, *store),
        said("report", folder, "--out", beside / "report.html", *store),
        said("figures", folder, beside / "figures", *store),
        said("compare", folder, folder, *store, *store),
        said("predict", folder, own / "a.png", *store),
        said("explain", folder, own / "a.png", *store),
        said("test", folder, "--on", beside / "own", *store),
    ]
    (page,) = existing_library(folder, *more).pages()
    assert set(page.parts()) > {"live", "claims", "try"}
    return printed


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A finished run that keeps its trials in its own folder."""
    folder = tmp_path_factory.mktemp("plain") / "out"
    paribus.from_mapping(TINY).run(folder, options=RunOptions(jobs=1))
    return folder


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    with (tmp_path / "study.yaml").open("w") as file:
        YAML(typ="safe", pure=True).dump(TINY, file)
    return tmp_path / "study.yaml"


def test_a_run_with_a_file_elsewhere_is_found_by_its_folder(study, plain, tmp_path, monkeypatch):
    out, store = tmp_path / "out", "sqlite:///elsewhere.db"
    ran = said("run", study, "--out", out, "--store", store, "--jobs", 1, "--json")
    expected = numbers(said("results", plain, "--json"))
    assert numbers(ran) == expected
    assert not list(out.glob("*.db"))
    assert json.loads((out / KEPT).read_text()) == {
        "store": f"sqlite:///{tmp_path / 'elsewhere.db'}",
        "study": "tiny",
    }
    monkeypatch.chdir("/")  # the kept address is whole
    printed = everything_said(out)
    assert numbers(printed[0]) == expected
    assert [page.folder for page in Library(tmp_path).pages()] == [out]
    before = said("results", out, "--json")
    assert said("run", out, "--json") == before, "a second run trains nothing"
    assert paribus.open_results(out, store=f"sqlite:///{tmp_path}/elsewhere.db").summary.complete


@pytest.mark.postgres
def test_a_server_is_found_and_its_password_is_kept_and_shown_nowhere(
    study, plain, guarded_database, tmp_path, monkeypatch
):
    url, secret = guarded_database
    out = tmp_path / "out"
    done = call("run", study, "--out", out, "--store", url, "--jobs", 1, "--json")
    assert done.exit_code in (0, 1), done.stderr
    expected = numbers(said("results", plain, "--json"))
    assert numbers(done.stdout) == expected
    printed = [done.stdout, done.stderr, *everything_said(out, url)]

    lines = [refusal(command, out) for command in ("results", "status", "report", "run")]
    for line in lines:
        assert line.startswith(url.replace(f":{secret}", "") + ": must be a database that can be")
        assert f"{VARIABLE}=URL or --store URL gives the whole address" in line
    assert "must be a database" in Library(tmp_path).parts()["studies"]

    monkeypatch.setenv(VARIABLE, url)
    printed += everything_said(out)
    assert numbers(printed[-8]) == expected
    attempts = [trial.attempts for trial in paribus.open_results(out).summary.trials]
    printed += [said("run", out, "--json")]
    assert [trial.attempts for trial in paribus.open_results(out).summary.trials] == attempts
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert not [content for content in files if secret.encode() in content]
    assert not [text for text in (*printed, *lines) if secret in text]


@pytest.mark.postgres
def test_one_server_database_holds_several_studies(study, plain, postgres_database, tmp_path):
    """Each folder finds its own study; the same trials under other names stay apart."""
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text(study.read_text().replace("study: tiny", "study: theirs"))
    for path, out in ((study, "out"), (theirs, "other")):
        done = call("run", path, "--out", tmp_path / out, "--store", postgres_database, "--jobs", 1, "--json")  # fmt: skip
        assert done.exit_code in (0, 1), done.stderr
    expected = numbers(said("results", plain, "--json"))
    for name, out in (("tiny", "out"), ("theirs", "other")):
        found = said("results", tmp_path / out, "--json")
        assert json.loads(found)["study"] == name
        assert numbers(found) == {**expected, "study": name}
        assert said("run", tmp_path / out, "--json") == found, "nothing is trained again"
    line = refusal("run", theirs, "--out", tmp_path / "out", "--store", postgres_database)
    assert line.startswith(f"{tmp_path / 'out'}: holds the results of the study 'tiny'")


def test_the_variable_is_the_store_of_a_new_folder_alone(study, plain, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, f"sqlite:///{tmp_path}/by-variable.db")
    own = said("results", plain, "--json")
    assert not (tmp_path / "by-variable.db").exists(), "that folder has its own database"
    ran = said("run", study, "--out", "out", "--jobs", 1, "--json")
    assert (tmp_path / "by-variable.db").exists()
    monkeypatch.delenv(VARIABLE)
    assert said("results", "out", "--json") == ran
    assert numbers(ran) == numbers(own)


def test_a_store_that_does_not_fit_is_refused_and_left_as_it_was(study, plain, tmp_path):
    out, other = tmp_path / "out", tmp_path / "other"
    mine, empty = f"sqlite:///{tmp_path}/mine.db", f"sqlite:///{tmp_path}/empty.db"
    said("run", study, "--out", out, "--store", mine, "--jobs", 1, "--seeds", 1, "--json")
    before = said("results", out, "--json")

    line = refusal("run", plain, "--store", mine)
    assert (
        f"{plain}: keeps its results in its own database (paribus.db), got --store {mine}." in line
    )
    assert not (plain / KEPT).exists()
    line = refusal("run", out, "--store", empty)
    assert f"{out}: keeps its results in {mine}, got --store {empty}." in line
    text = study.read_text().replace("study: tiny", "study: theirs")
    study.write_text(text)
    line = refusal("run", study, "--out", other, "--store", mine)
    rule = "holds the results of the study 'tiny', got the study 'theirs'."
    assert line == f"{mine}: {rule} Choose another database with --store: each holds one study."
    assert not (other / KEPT).exists()
    assert said("results", out, "--json") == before

    moved = f"sqlite:///{tmp_path}/moved.db"
    (tmp_path / "mine.db").rename(tmp_path / "moved.db")
    assert "mine.db: must be a database" in refusal("results", out)
    assert said("run", out, "--store", moved, "--json") == before
    assert said("results", out, "--json") == before, "the new address is kept"


def test_a_second_run_on_a_store_in_use_is_refused(study, tmp_path):
    url = f"sqlite:///{tmp_path}/mine.db"
    with open_store(url) as store, store.held():
        line = refusal("run", study, "--out", tmp_path / "out", "--store", url)
    assert line.startswith(f"{tmp_path}/mine.db: must not be in use by another run")
    assert not (tmp_path / "out" / KEPT).exists()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("me:s3cr3t-9@db/study", "--store: must be the URL of a store, such as"),
        ("mysql://me:s3cr3t-9@db/study", "--store: must be the URL of a store: sqlite://..."),
        ("postgresql+asyncpg://me:s3cr3t-9@db/study", "must be reached by psycopg"),
        (UNREACHABLE, "postgresql://me@127.0.0.1:1/study: must be a database that can be read"),
    ],
)
def test_a_wrong_url_is_one_line_for_every_command(study, plain, tmp_path, url, text):
    commands = [
        ("run", study, "--out", tmp_path / "out"),
        ("results", plain),
        ("status", plain),
        ("report", plain),
        ("figures", plain, tmp_path / "figures"),
        ("compare", plain, plain),
        ("serve", plain),
        ("predict", plain, "a.png"),
        ("explain", plain, "a.png"),
        ("test", plain, "--on", "images"),
    ]
    for command in commands:
        line = refusal(*command, "--store", url)
        assert text in line, (command, line)
        assert "s3cr3t" not in line
    assert not (tmp_path / "out" / KEPT).exists()


def test_a_damaged_address_is_one_line(study, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for text in ("{", "[]", '{"store": 1}', '{"store": "s3cr3t-9@db"}'):
        (out / KEPT).write_text(text)
        line = refusal("results", out)
        assert line.startswith(f"{out / KEPT}: must "), line
        assert "s3cr3t" not in line
        assert refusal("run", study, "--out", out) == line


def test_compare_takes_a_store_for_each_folder_and_no_third(plain):
    assert "--store: must be given at most twice, got 3 times." in refusal(
        "compare", plain, plain, *["--store", "sqlite:///a.db"] * 3
    )


def test_an_executor_is_chosen_by_name_and_kept(study, plain, tmp_path):
    ran = said("run", study, "--out", "out", "--on", "inline", "--json")
    assert numbers(ran) == numbers(said("results", plain, "--json"))
    assert json.loads((tmp_path / "out" / "run.json").read_text())["executor"] == "inline"
    line = refusal("run", study, "--out", "new", "--on", "inlin")
    assert line == ("--on: must be one of inline, processes, got 'inlin'. Did you mean 'inline'?")
    assert refusal("run", study, "--out", "new", "--on", "inlin", "--serve") == line
    assert not (tmp_path / "new").exists()


def test_a_page_starts_its_run_with_the_store_and_no_secret_in_the_arguments(
    study, tmp_path, monkeypatch
):
    from paribus.serve import runs
    from paribus.store.address import address_of

    begun = []
    monkeypatch.setattr(
        runs.subprocess, "Popen", lambda command, **how: begun.append((command, how["env"]))
    )
    runs.Run(tmp_path, address_of(UNREACHABLE)).start()
    ((command, environment),) = begun
    assert command[-2:] == ["--store", "postgresql://me@127.0.0.1:1/study"]
    assert environment == {**os.environ, VARIABLE: UNREACHABLE}
