"""The built package holds its data and licences, and little else."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from docs import make_digits

ROOT = Path(__file__).parents[1]
DIGITS = "paribus/data/digits.csv.gz"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


def test_the_wheel_holds_the_package_with_the_digits_and_both_licences(built):
    with zipfile.ZipFile(built[0]) as wheel:
        names = wheel.namelist()
        assert wheel.read(DIGITS) == make_digits.SHIPPED.read_bytes()
    (metadata,) = {name.partition("/")[0] for name in names} - {"paribus"}
    assert "paribus/data/digits.LICENSE.txt" in names
    assert f"{metadata}/licenses/LICENSE" in names
    assert f"{metadata}/licenses/src/paribus/data/digits.LICENSE.txt" in names
    packaged = {name for name in names if name.startswith("paribus/")}
    there = (path for path in (ROOT / "src").rglob("*") if path.is_file())
    assert packaged == {
        path.relative_to(ROOT / "src").as_posix() for path in there if path.suffix != ".pyc"
    }


def test_the_source_distribution_holds_the_digits_and_both_licences(built):
    with tarfile.open(built[1]) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    assert {"LICENSE", f"src/{DIGITS}", "src/paribus/data/digits.LICENSE.txt"} <= names
