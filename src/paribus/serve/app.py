"""Routes of the server: pages, their event streams, and the actions stop, resume and classify."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from paribus.errors import ParibusError
from paribus.report.html import part_mark
from paribus.serve.classify import classified
from paribus.serve.guard import App, Guard
from paribus.serve.pages import Library, StudyPage

__all__ = ["MAX_IMAGE_BYTES", "build_app"]

MAX_IMAGE_BYTES = 20_000_000
"""Largest accepted upload in bytes."""
LOOK_SECONDS = 1.0
"""Seconds between two checks of a folder for changes."""


def build_app(
    library: Library, *, token: str, port: int, closing: Callable[[], bool] = lambda: False
) -> App:
    """Return the server's application, wrapped in a `Guard`.

    Args:
        library: studies to show.
        token: secret that requests must contain.
        port: port on which the server listens.
        closing: function that returns whether the server is shutting down, which ends event streams.
    """
    app = Starlette(
        routes=[
            Route("/health", _health),
            Route("/", _index),
            Route("/events", _index_events),
            Route("/static/live.js", _script),
            Route("/studies/{study}/", _page),
            Route("/studies/{study}/events", _events),
            Route("/studies/{study}/report.html", _report),
            Route("/studies/{study}/stop", _stop, methods=["POST"]),
            Route("/studies/{study}/resume", _resume, methods=["POST"]),
            Route("/studies/{study}/classify", _classify, methods=["POST"]),
        ],
        exception_handlers={ParibusError: _explained},
    )
    app.state.library, app.state.closing = library, closing
    return Guard(app, token=token, port=port)


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _index(request: Request) -> Response:
    library: Library = request.app.state.library
    single = await run_in_threadpool(lambda: library.single)
    if single is not None:
        return RedirectResponse(f"/studies/{single.identifier}/", status_code=303)
    return _html(*await run_in_threadpool(library.page))


async def _index_events(request: Request) -> Response:
    return _stream(request, request.app.state.library.parts)


async def _script(_: Request) -> Response:
    text = files("paribus.serve").joinpath("live.js").read_text(encoding="utf-8")
    return Response(text, media_type="text/javascript")


async def _page(request: Request) -> Response:
    page = await _study(request)
    return _html(*await run_in_threadpool(page.page))


async def _events(request: Request) -> Response:
    page = await _study(request)
    return _stream(request, page.parts)


async def _report(request: Request) -> Response:
    page = await _study(request)
    text = await run_in_threadpool(page.report)
    headers = {"content-disposition": 'attachment; filename="report.html"'}
    return HTMLResponse(text, headers=headers)


async def _stop(request: Request) -> Response:
    page = await _study(request)
    await run_in_threadpool(page.run.stop)
    return JSONResponse({"done": "stop"})


async def _resume(request: Request) -> Response:
    page = await _study(request)
    await run_in_threadpool(page.run.start)
    return JSONResponse({"done": "resume"})


async def _classify(request: Request) -> Response:
    page = await _study(request)
    body = await _limited_body(request)
    if body is None:
        error = f"the image: must have at most {MAX_IMAGE_BYTES:,} bytes, got more."
        return JSONResponse({"error": error}, status_code=413)
    variant = request.query_params.get("variant") or None
    return JSONResponse(await run_in_threadpool(_classified, page, body, variant))


def _classified(page: StudyPage, body: bytes, variant: str | None) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "image"
        file.write_bytes(body)
        return classified(page.folder, file, variant, store=page.store)


async def _limited_body(request: Request) -> bytes | None:
    """Read the body of a request; None if it exceeds `MAX_IMAGE_BYTES`."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > MAX_IMAGE_BYTES:
            return None
    return bytes(found)


async def _study(request: Request) -> StudyPage:
    library: Library = request.app.state.library
    page = await run_in_threadpool(library.find, request.path_params["study"])
    if page is None:
        raise HTTPException(404, "There is no such study here.")
    return page


def _html(page: str, policy: str) -> Response:
    header = f"{policy}; frame-ancestors 'none'"
    return HTMLResponse(page, headers={"content-security-policy": header})


def _explained(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=409)


def _stream(request: Request, parts: Callable[[], Mapping[str, str]]) -> Response:
    """Stream the parts of a page that the client lacks, now and whenever they change.

    The client lists the parts that it has: ``?has=name:mark,name:mark``, with a mark of the content.
    """
    said = request.query_params.get("has", "")
    known = dict(item.split(":", 1) for item in said.split(",") if ":" in item)
    closing: Callable[[], bool] = request.app.state.closing

    async def events() -> AsyncIterator[str]:
        yield ": hello\n\n"
        while not closing():
            for name, html in (await run_in_threadpool(parts)).items():
                mark = part_mark(html)
                if known.get(name) != mark:
                    known[name] = mark
                    news = json.dumps({"name": name, "mark": mark, "html": html})
                    yield f"event: part\ndata: {news}\n\n"
            await asyncio.sleep(LOOK_SECONDS)
            yield ": still here\n\n"  # detects a closed connection

    return StreamingResponse(events(), media_type="text/event-stream")
