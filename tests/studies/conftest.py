"""Every lab is run once on few images, for all tests and all of their processes."""

import pytest
from filelock import FileLock

from studies.__main__ import main
from tests.studies.picture_rows import ROWS, Run


@pytest.fixture(scope="session")
def quick_folder(shared_folder, real_data):
    """The folder that `python -m studies --quick` writes to."""
    folder = shared_folder / "labs"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def quick_lab(quick_folder):
    """A function: name of a study -> the folder of its quick run."""

    def run(name):
        folder = quick_folder / "quick" / name
        with FileLock(quick_folder / f"{name}.lock"):
            if not (folder / "report.html").exists():
                assert main(["--quick", "--only", name, "--out", str(quick_folder)]) == 0
        return folder

    return run


@pytest.fixture
def run(request, quick_lab):
    """The run that the test's row is about."""
    row = ROWS[request.node.name[5:7].upper()]
    return Run(row, quick_lab(row.study))
