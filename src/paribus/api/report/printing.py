"""The report as PDF: its page, printed by a browser that is installed. See docs/decisions/0011-pdf.md."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from paribus.errors import MissingExtraError, Problem, StoreError
from paribus.writing.escaping import plain

__all__ = ["BROWSERS", "installed_browser", "printed"]

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
"""Commands and paths that are tried, in this order."""
SECONDS = 120
_SWITCHES = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
)


def installed_browser() -> str:
    """Return the path of the first browser that is installed.

    Raises:
        MissingExtraError: no browser is installed.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise MissingExtraError(
            Problem(
                "--format pdf",
                "needs Chromium, Chrome or Edge to print the page",
                "none on PATH",
                "Install one (Debian: apt install chromium), or open report.html and print it to PDF.",
            )
        )
    return found


def printed(page: str, browser: str, *, seconds: float = SECONDS) -> bytes:
    """Print a page to PDF in A4, with its print style.

    Args:
        page: HTML without external resources.
        browser: path of Chromium, Chrome or Edge.
        seconds: longest time that the browser may take.

    Raises:
        StoreError: the browser fails, or takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="paribus-pdf-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        source, target = folder / "report.html", folder / "report.pdf"
        source.write_text(page, encoding="utf-8")
        command = [
            browser,
            *_SWITCHES,
            *(["--no-sandbox"] if _is_root() else []),
            f"--user-data-dir={folder / 'profile'}",
            f"--print-to-pdf={target}",
            source.as_uri(),
        ]
        said = _run(command, folder / "said.txt", seconds)
        content = target.read_bytes() if target.exists() else b""
    if not content.startswith(b"%PDF"):
        raise _failure(browser, said or "no PDF")
    return content


def _run(command: Sequence[str], log: Path, seconds: float) -> str:
    """Run a browser, kill it with its child processes after ``seconds``, and return its last line."""
    try:
        with log.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603 - a browser that the user has installed
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=file,
                start_new_session=True,
            )
    except OSError as error:
        raise _failure(command[0], error.strerror or str(error)) from error
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise _failure(command[0], f"nothing after {seconds:g} seconds") from error
    except BaseException:
        _end(process)
        raise
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((plain(line) for line in reversed(lines) if line.strip()), "")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its child processes."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _failure(browser: str, got: str) -> StoreError:
    fix = "Print report.html by hand, or use --format html or md."
    return StoreError(Problem(browser, "must print the report to PDF", got, fix))


def _is_root() -> bool:
    """Return whether a browser's own sandbox would refuse to start."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
