"""Commands as a person types them: in a process of their own, or in this one, which is faster."""

import contextlib
import subprocess
import sys

from typer.testing import CliRunner

from paribus.cli.main import app


def paribus(*arguments, cwd=None, **options):
    command = [
        sys.executable,
        "-c",
        "from paribus.cli.main import main; main()",
        *map(str, arguments),
    ]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False, **options
    )


def invoke(*arguments, cwd="."):
    """Run a command in this process, which saves the start of another; see its `exit_code`."""
    with contextlib.chdir(cwd):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])
