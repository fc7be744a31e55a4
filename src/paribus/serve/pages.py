"""Pages made from folders: a list of studies, and one study's report while its trials run."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from paribus.api.folder import DATABASE, database_of, in_use, is_file, is_folder
from paribus.api.reporting import report_content
from paribus.api.results import Results, open_results
from paribus.api.watching import snapshot_of
from paribus.data.foreign import HANDWRITTEN
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

__all__ = ["Library", "StudyPage", "existing_library"]

PAUSE_SECONDS = 3.0
SHARE = 8.0
"""A page that took a second to draw is drawn again after so many seconds: training comes first."""
DEPTH = 3
SCRIPT = "/static/live.js"


@dataclass
class StudyPage:
    """One study's page; its parts are drawn again when its store has changed."""

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
        """Name in addresses: of the folder, but not its path."""
        return hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:10]

    def parts(self) -> dict[str, str]:
        """Return the parts of the page as they are now; figures and tables may be some seconds old."""
        with self._lock:
            running = self.run.ours or in_use(self.folder)
            state = (*_stamps(self.folder), running, self.run.ours)
            if state == self._known and (state == self._drawn or self._early(running)):
                return dict(self._parts)
            self._known = state
            try:
                self._renew(state, running)
            except ParibusError as error:
                self._parts = {"live": self._instead(error, running)}
            return dict(self._parts)

    def page(self) -> tuple[str, str]:
        """Return the whole page, and the policy that it needs."""
        parts = self.parts()
        base = f"/studies/{self.identifier}"
        links = LiveLinks(base, SCRIPT, f"{base}/events")
        return render_shell(self._study or self.folder.name, parts, links)

    def report(self) -> str:
        """Return the report as a file that stands alone.

        Raises:
            StoreError: nothing is registered yet.
        """
        from paribus.api.reporting import report_html

        return report_html(open_results(self.folder))

    def _renew(self, state: tuple[object, ...], running: bool) -> None:
        results = open_results(self.folder)
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
        panel = render_try([variant.name for variant in plan.variants], drawn=source in HANDWRITTEN)
        self._parts = {"live": self._parts["live"], **drawn, "try": panel}
        self._parts["contents"] = render_contents(self._parts)
        cost = time.monotonic() - began
        self._drawn, self._due = state, time.monotonic() + max(PAUSE_SECONDS, SHARE * cost)

    def _instead(self, error: ParibusError, running: bool) -> str:
        """What there is to say where there is nothing to show."""
        if running:
            return render_message("Reading the study and its data ...")
        if self.run.exit_code:
            return render_message(
                "The run has ended before it could begin; see where it was started."
            )
        if is_file(database_of(self.folder)):
            return render_message(str(error))
        return render_message("Nothing has been run here yet.")

    def _controls(self, running: bool) -> str:
        if self.run.ours:
            return "stop"
        return "" if running else "resume"


@dataclass
class Library:
    """The studies below a folder, or the one in it."""

    root: Path
    _pages: dict[Path, StudyPage] = field(default_factory=dict)

    @property
    def single(self) -> StudyPage | None:
        """The only study there is, if the folder itself is its output folder."""
        if self.root in self._pages or is_file(database_of(self.root)):
            return self.page_of(self.root)
        return None

    def pages(self) -> list[StudyPage]:
        """Return the pages of all studies there are now, by folder."""
        if self.single is not None:
            return [self.single]
        found = {
            path.parent
            for depth in range(1, DEPTH + 1)
            for name in (DATABASE, OLD_DATABASE)
            for path in self.root.glob("/".join(["*"] * depth) + f"/{name}")
        }
        return [self.page_of(folder) for folder in sorted(found)]

    def page_of(self, folder: Path) -> StudyPage:
        """Return a folder's page; the same one every time."""
        return self._pages.setdefault(folder, StudyPage(folder, Run(folder)))

    def find(self, identifier: str) -> StudyPage | None:
        """Return the page with a name; None if there is none."""
        return next((page for page in self.pages() if page.identifier == identifier), None)

    def parts(self) -> Mapping[str, str]:
        """Return the list of studies."""
        return {"studies": render_studies([self._line(page) for page in self.pages()])}

    def page(self) -> tuple[str, str]:
        """Return the page that lists all studies, and its policy."""
        return render_shell("Studies", self.parts(), LiveLinks("", SCRIPT, "/events"))

    def end(self) -> int:
        """End all runs; return the exit code of the last that said something."""
        return max((page.run.end() for page in self._pages.values()), default=0)

    def _line(self, page: StudyPage) -> StudyLine:
        relative = str(page.folder.relative_to(self.root))
        try:
            results = open_results(page.folder)
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


def existing_library(root: Path) -> Library:
    """Return the studies of a folder.

    Raises:
        StoreError: there is no such folder, or no study in it.
    """
    library = Library(root)
    if not is_folder(root) or not library.pages():
        got = "no study" if is_folder(root) else "no such folder"
        rule = f"must be the output folder of a run (with {DATABASE} in it), or hold some"
        fix = "Run a study first: paribus run STUDY --out DIR."
        raise StoreError(Problem(str(root), rule, got, fix))
    return library


def _stamps(folder: Path) -> tuple[object, ...]:
    """Return what changes when a run has written something."""
    found: list[object] = []
    for name in (DATABASE, f"{DATABASE}-wal", OLD_DATABASE, "artifacts/gallery.safetensors"):
        try:
            status = (folder / name).stat()
        except OSError:
            continue
        found.append((name, status.st_mtime_ns, status.st_size))
    return tuple(found)
