"""A program whose standard streams the shell has closed: what it opens gets no number of theirs."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from pathlib import Path
from paribus.standard_files import fill_standard_files
fill_standard_files()
number = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
Path(sys.argv[2]).write_text(f"{number} {sys.stdout is None} {sys.stderr is None}")
print("said")
"""


@pytest.mark.parametrize("closed", ["", ">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_no_file_gets_the_number_of_a_standard_stream(closed, tmp_path):
    program = "\n".join(line.strip() for line in PROGRAM.strip().splitlines())
    words = '"$0" -c "$1" "$2" "$3" ' + closed
    files = [str(tmp_path / "opened"), str(tmp_path / "told")]
    subprocess.run(["sh", "-c", words, sys.executable, program, *files], check=True)
    number, *missing = (tmp_path / "told").read_text().split()
    assert int(number) > 2
    assert missing == ["False", "False"]
    assert (tmp_path / "opened").read_bytes() == b"", "what is printed does not land there"
