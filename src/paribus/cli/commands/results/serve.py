"""`paribus serve`: the report as a live page."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.cli.explained import explained
from paribus.cli.options import Port, Store
from paribus.cli.saying import say

if TYPE_CHECKING:
    from paribus.serve.pages import Library

__all__ = ["ORDER", "command", "serve_run"]

ORDER = 50


@explained
def command(
    folder: Annotated[
        Path, typer.Argument(help="The output folder of a run, or a folder that holds some.")
    ],
    store: Store = None,
    port: Port = 0,
) -> None:
    """Show reports in a browser, live while their trials run; stop and go on; try images of one's own.

    The page is served to this machine alone, and only with the token in the address that is printed.

    Example: paribus serve results
    """
    _require_server()
    from paribus.serve.pages import existing_library

    _serve(existing_library(folder, store), port)


def serve_run(
    study: Path, folder: Path, options: dict[str, Any], store: str | None, port: int
) -> int:
    """Run a study in a separate process, and serve its live page until Ctrl-C.

    Returns:
        The exit code of the run.

    Raises:
        StoreError: the URL is no store's.
    """
    _require_server()
    from paribus.serve.pages import Library
    from paribus.serve.runs import arguments_of
    from paribus.store.address import address_of, completed

    address = None if store is None else completed(address_of(store))
    library = Library(folder, address)
    page = library.page_of(folder)
    page.run.start(arguments_of(study, folder, options))
    _serve(library, port)
    return page.run.exit_code


def _serve(library: Library, port: int) -> None:
    from paribus.serve.server import serving

    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    before = [(name, signal.signal(name, end)) for name in (signal.SIGINT, signal.SIGTERM)]
    try:
        with serving(library, port=port) as found:
            say(f"Live page: {found.address}\nCtrl-C ends it.", err=True)
            ended.wait()
    finally:
        for name, handler in before:
            signal.signal(name, handler)


def _require_server() -> None:
    from importlib.util import find_spec

    from paribus.errors import MissingExtraError, Problem

    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        fix = "Install it: pip install 'paribus[serve]'."
        rule = f"needs {' and '.join(missing)}"
        raise MissingExtraError(Problem("the live page", rule, "none installed", fix))
