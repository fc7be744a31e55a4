"""Content of the pages: a list of studies, and the report of a study while its trials run."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from paribus.api.report.kept import KEPT_FILES
from paribus.api.report.reporting import report_content
from paribus.api.results.record import Results, open_results
from paribus.api.results.watching import snapshot_of
from paribus.api.run.folder import DATABASE, in_use, is_folder
from paribus.api.run.place import KEPT, existing_place, holds_results
from paribus.data.sources import is_handwritten
from paribus.errors import ParibusError, Problem, StoreError
from paribus.old_name import OLD_DATABASE
from paribus.report.content import answer
from paribus.report.html import LiveLinks, render_contents, render_parts, render_shell
from paribus.report.live import (
    StudyLine,
    render_message,
    render_progress,
    render_studies,
    render_try,
)
from paribus.serve.runs import Run
from paribus.store.address import Address

__all__ = ["Library", "StudyPage", "existing_library"]

PAUSE_SECONDS = 3.0
"""Shortest time between two renderings of a report while its trials run."""
IDLE_SECONDS = 60.0
"""Seconds between two readings of a store on a server, for the page of a study that is not running."""
SHARE = 8.0
"""The time between two renderings, in multiples of the time that a rendering takes; it limits the
share of the processor that is taken from training."""
DEPTH = 3
"""Largest depth of output folders below the root of a library."""
SCRIPT = "/static/live.js"
GALLERY = "artifacts/gallery.safetensors"


@dataclass
class StudyPage:
    """The page of one study. Its parts are rendered again when the files of its store change."""

    folder: Path
    run: Run
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _parts: dict[str, str] = field(default_factory=dict)
    _known: tuple[object, ...] = ()
    _drawn: tuple[object, ...] = ()
    _due: float = 0.0
    _study: str = ""

    @property
    def identifier(self) -> str:
        """Identifier in URLs, a hash of the folder's path."""
        return hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:10]

    @property
    def store(self) -> str | None:
        """URL of the store of its trials; None takes the store that is recorded in the folder."""
        return None if self.run.store is None else self.run.store.url

    def parts(self) -> dict[str, str]:
        """Return name -> HTML of the page's parts; figures and tables may be some seconds old."""
        with self._lock:
            running = self.run.ours or in_use(self.folder)
            state = (*_stamps(self.folder, self.store, running), running, self.run.ours)
            if state == self._known and (state == self._drawn or self._early(running)):
                return dict(self._parts)
            self._known = state
            try:
                self._renew(state, running)
            except ParibusError as error:
                self._parts = {"live": self._instead(error, running)}
            return dict(self._parts)

    def page(self) -> tuple[str, str]:
        """Return the HTML of the whole page, and its content security policy."""
        parts = self.parts()
        base = f"/studies/{self.identifier}"
        links = LiveLinks(base, SCRIPT, f"{base}/events")
        return render_shell(self._study or self.folder.name, parts, links)

    def report(self) -> str:
        """Return the report as one HTML file without external resources.

        Raises:
            StoreError: the run has not registered its study yet.
        """
        from paribus.api.report.reporting import report_html

        return report_html(self.results())

    def results(self) -> Results:
        """Return what the study has found up to now.

        Raises:
            StoreError: the run has not registered its study yet, or its store cannot be read.
        """
        return open_results(self.folder, store=self.store)

    def _renew(self, state: tuple[object, ...], running: bool) -> None:
        results = self.results()
        self._study = results.manifest.plan.study
        self._parts["live"] = render_progress(
            snapshot_of(results, running=running), controls=self._controls(running)
        )
        if not self._early(running) or len(self._parts) < 3:
            self._draw(results, state)

    def _early(self, running: bool) -> bool:
        return running and time.monotonic() < self._due

    def _draw(self, results: Results, state: tuple[object, ...]) -> None:
        began = time.monotonic()
        drawn = render_parts(report_content(results))
        plan = results.manifest.plan
        source = str(plan.variants[0].data["source"])
        panel = render_try(
            [variant.name for variant in plan.variants], drawn=is_handwritten(source)
        )
        self._parts = {"live": self._parts["live"], **drawn, "try": panel}
        self._parts["contents"] = render_contents(self._parts)
        cost = time.monotonic() - began
        self._drawn, self._due = state, time.monotonic() + max(PAUSE_SECONDS, SHARE * cost)

    def _instead(self, error: ParibusError, running: bool) -> str:
        """Return a message to show instead of the report if there are no results yet."""
        if running:
            return render_message("Reading the study and its data ...")
        if self.run.exit_code:
            return render_message(
                "The run has ended before it could begin; see where it was started."
            )
        if self.run.store is not None or holds_results(self.folder):
            return render_message(str(error))
        return render_message("Nothing has been run here yet.")

    def _controls(self, running: bool) -> str:
        if self.run.ours:
            return "stop"
        return "" if running else "resume"


@dataclass
class Library:
    """The studies in the output folders below a root, or the one study if the root is such a folder."""

    root: Path
    store: Address | None = None
    """Address of the store of the one study's trials; None where each folder names its own store."""
    _pages: dict[Path, StudyPage] = field(default_factory=dict)

    @property
    def single(self) -> StudyPage | None:
        """The page of the only study, if the root itself is an output folder; else None."""
        if self.root in self._pages or self.store is not None or holds_results(self.root):
            return self.page_of(self.root)
        return None

    def pages(self) -> list[StudyPage]:
        """Return the pages of all studies that exist now, sorted by folder."""
        if self.single is not None:
            return [self.single]
        found = {
            path.parent
            for depth in range(1, DEPTH + 1)
            for name in (DATABASE, OLD_DATABASE, KEPT)
            for path in self.root.glob("/".join(["*"] * depth) + f"/{name}")
        }
        return [self.page_of(folder) for folder in sorted(found)]

    def page_of(self, folder: Path) -> StudyPage:
        """Return the page of a folder, the same object in every call."""
        return self._pages.setdefault(folder, StudyPage(folder, Run(folder, self.store)))

    def find(self, identifier: str) -> StudyPage | None:
        """Return the page with an identifier; None if there is none."""
        return next((page for page in self.pages() if page.identifier == identifier), None)

    def parts(self) -> Mapping[str, str]:
        """Return name -> HTML of the parts of the list of studies."""
        return {"studies": render_studies([self._line(page) for page in self.pages()])}

    def page(self) -> tuple[str, str]:
        """Return the HTML of the list of studies, and its content security policy."""
        return render_shell("Studies", self.parts(), LiveLinks("", SCRIPT, "/events"))

    def end(self) -> int:
        """End all runs that pages have started; return the largest of their exit codes."""
        return max((page.run.end() for page in self._pages.values()), default=0)

    def _line(self, page: StudyPage) -> StudyLine:
        relative = str(page.folder.relative_to(self.root))
        try:
            results = page.results()
        except ParibusError as error:
            return StudyLine("", relative, relative, "", str(error), None)
        plan = results.manifest.plan
        return StudyLine(
            f"/studies/{page.identifier}/",
            relative,
            plan.study,
            plan.question,
            answer(results.summary),
            snapshot_of(results, running=page.run.ours or in_use(page.folder)),
        )


def existing_library(root: Path, store: str | None = None) -> Library:
    """Return the library of an existing folder.

    Args:
        root: output folder of a run, or a folder that holds some.
        store: URL of the store of the trials, if the root is the folder of one run; by default the store
            that is recorded in each folder.

    Raises:
        StoreError: the folder does not exist, or contains no study; or the store cannot be read.
    """
    if store is not None and is_folder(root):
        place = existing_place(root, store)
        place.reader().close()
        return Library(root, place.address)
    library = Library(root)
    if not is_folder(root) or not library.pages():
        got = "no study" if is_folder(root) else "no such folder"
        rule = f"must be the output folder of a run (with {DATABASE} in it), or hold some"
        fix = "Run a study first: paribus run STUDY --out DIR."
        raise StoreError(Problem(str(root), rule, got, fix))
    return library


def _stamps(folder: Path, store: str | None, running: bool) -> tuple[object, ...]:
    """Return names, times and sizes of the files that change whenever a run writes results.

    A store on a server has no file; it counts as changed after some seconds.
    """
    files = [
        folder / name for name in (DATABASE, f"{DATABASE}-wal", OLD_DATABASE, KEPT, *KEPT_FILES)
    ]
    found: list[object] = []
    with contextlib.suppress(ParibusError):
        address = existing_place(folder, store).address
        if address is not None and address.file is not None:
            files += [address.file, address.file.with_name(f"{address.file.name}-wal")]
        elif address is not None:
            found.append(time.monotonic() // (PAUSE_SECONDS if running else IDLE_SECONDS))
    for path in files:
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(found)
