"""Fixtures that several parts share."""

import copy
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest
from filelock import FileLock

import paribus
from tests.scope_study import STUDY

ROOT = Path(__file__).parents[1]


LONG = (
    "test_kills_at_random_moments_lose_nothing",
    "test_sixty_networks_agree_with_plain_pytorch",
    "test_after_kills_at_any_points_the_table_is_the_same",
    "test_every_lab_runs_to_the_end_on_few_images",
)
"""Tests that take longest; they begin first, so that none runs alone at the end."""


def pytest_collection_modifyitems(items):
    """Put the longest tests first; the others keep their order."""
    items.sort(key=lambda item: getattr(item, "originalname", None) not in LONG)


@pytest.fixture(scope="session")
def real_data():
    """The folder of the original data files, with PARIBUS_DATA set to it."""
    folders = [Path(p) for p in os.environ.get("PARIBUS_DATA", "").split(os.pathsep) if p]
    found = next((p for p in [*folders, ROOT.parent / "shared" / "data"] if p.is_dir()), None)
    if found is None:
        pytest.skip("no folder with the original data files (PARIBUS_DATA)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARIBUS_DATA", str(found))
        yield found


@pytest.fixture
def plain_operators():
    """PyTorch's own operators instead of the C kernels."""
    from paribus.nn.native import library

    library.use(library.Built(None, "a test chose PyTorch's operators"))
    yield
    library.use(library.build())


TINY = {
    "study": "tiny",
    "question": "Does dropout help?",
    "data": {
        "source": "digits",
        "split": {"train": 0.2, "validation": 0.1, "test": 0.7, "seed": 1},
        "preprocess": ["scale"],
    },
    "model": {
        "layers": [
            {"Conv2D": {"name": "conv", "filters": 4, "kernel_size": 3, "activation": "relu"}},
            {"MaxPooling2D": {"name": "pool"}},
            "Flatten",
            {"Dense": {"name": "hidden", "units": 16, "activation": "relu"}},
            {"Dense": {"name": "output", "units": 10, "activation": "softmax"}},
        ]
    },
    "train": {"optimizer": {"Adam": {"learning_rate": 0.01}}, "epochs": 2, "batch_size": 32},
    "seeds": 2,
    "factors": {
        "dropout": {
            "none": None,
            "some": {"insert": {"after": "hidden", "layers": [{"Dropout": {"rate": 0.3}}]}},
        }
    },
    "claims": [{"id": "helps", "says": "some > none on val_accuracy"}],
}


@pytest.fixture
def tiny():
    """A study of two variants and two seeds that runs in a second; a fresh copy."""
    return copy.deepcopy(TINY)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """A folder that all processes of this test session see."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def scope_run(shared_folder):
    """The folder of a finished run of `scope_study.STUDY`, to be read; it is run once for all processes."""
    folder = shared_folder / "scope"
    with FileLock(shared_folder / "scope.lock"):
        if not (folder / "report.html").exists():
            paribus.from_mapping(copy.deepcopy(STUDY)).run(folder)
    return folder


@pytest.fixture(scope="session")
def scope_results(scope_run):
    """The results in that folder."""
    return paribus.open_results(scope_run)


@pytest.fixture(scope="session")
def chromium():
    """A browser of this machine; nothing is downloaded."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as driver:
        names = ("gpu", "quic", "background-networking", "component-update", "sync")
        arguments = ["--no-sandbox", *(f"--disable-{name}" for name in names)]
        browser = driver.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgres_server():
    """A server on loopback, started and stopped here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.skip("no PostgreSQL server binaries on this machine")
    folder = Path(tempfile.mkdtemp(prefix="paribus-postgres-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    data = folder / "data"

    def run(*command):
        subprocess.run([*user, *command], check=True, capture_output=True, cwd="/")

    run(f"{found[-1]}/initdb", "-D", str(data), "-U", "paribus", "-A", "trust", "-E", "UTF8")
    rules = data / "pg_hba.conf"  # this role needs its password
    rules.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder}"
    run(
        f"{found[-1]}/pg_ctl",
        "-D",
        str(data),
        "-o",
        options,
        "-l",
        str(folder / "log"),
        "-w",
        "start",
    )
    yield f"postgresql://paribus@127.0.0.1:{port}"
    run(f"{found[-1]}/pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def postgres_database(postgres_server):
    """URL of an empty database of that server."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{postgres_server}/{name}"


@pytest.fixture
def guarded_database(postgres_database):
    """URL of an empty database of a role that needs its password, and the password."""
    import psycopg

    password = f"s3cr3t-{uuid.uuid4().hex}"
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS guarded")
        connection.execute(f"CREATE ROLE guarded LOGIN SUPERUSER PASSWORD '{password}'")
    return postgres_database.replace("paribus@", f"guarded:{password}@"), password


@pytest.fixture
def unwritable(tmp_path):
    """Make a folder that cannot be written, by root neither; give it back afterwards."""
    mounted = []

    def seal(folder):
        if os.geteuid() != 0:
            folder.chmod(0o555)
            mounted.append((folder, False))
            return folder
        place = tmp_path / "mounted"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("root without the right to mount can write everywhere")
        mounted.append((place, True))
        shutil.copytree(folder, place, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        return place

    yield seal
    for folder, is_mount in mounted:
        if is_mount:
            subprocess.run(["umount", str(folder)], check=True)
        else:
            folder.chmod(0o755)
