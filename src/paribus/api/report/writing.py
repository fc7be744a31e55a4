"""Output of a report as HTML, PDF, or Markdown with charts in a folder beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote

from paribus.api.report.printing import installed_browser, printed
from paribus.api.report.reporting import report_content, shown_study
from paribus.api.results.damage import Damage
from paribus.api.results.record import Results, open_results
from paribus.api.run.folder import REPORT, write_text
from paribus.charts import charts_of
from paribus.durable import write_bytes
from paribus.errors import Problem, StoreError, StudyError, did_you_mean
from paribus.report.html import render_html
from paribus.report.markdown import markdown_report

__all__ = ["REPORT_FORMATS", "ReportFormat", "write_report_file"]

ReportFormat = Literal["html", "pdf", "md"]
REPORT_FORMATS: tuple[ReportFormat, ...] = ("html", "pdf", "md")


def write_report_file(
    folder: Path, kind: str = "html", out: Path | None = None, *, store: str | None = None
) -> Path:
    """Write the report of a run; return its path.

    Args:
        folder: output folder of the run.
        kind: ``html``, ``pdf`` (printed by an installed browser) or ``md`` (charts as SVG beside it).
        out: the file; ``report.<kind>`` in the folder by default.
        store: URL of the store of its trials; by default the store recorded in the folder.

    Raises:
        StudyError: the kind is unknown.
        StoreError: the folder is not a run's, or a file cannot be written.
        MissingExtraError: there is no browser to print with.
    """
    if kind not in REPORT_FORMATS:
        rule = f"must be one of {', '.join(REPORT_FORMATS)}"
        raise StudyError(Problem("--format", rule, repr(kind), did_you_mean(kind, REPORT_FORMATS)))
    browser = installed_browser() if kind == "pdf" else ""
    results = open_results(folder, store=store)
    path = out or folder / Path(REPORT).with_suffix(f".{kind}")
    _make(path.parent)
    content = report_content(results)
    if kind == "html":
        write_text(path, render_html(content))
    elif kind == "pdf":
        write_bytes(path, printed(render_html(content), browser))
    else:
        write_text(path, markdown_report(content, _write_charts(results, path)))
    return path


def _write_charts(results: Results, report: Path) -> list[tuple[str, str]]:
    """Write every chart beside a Markdown report; return their names and addresses."""
    folder = report.with_name(f"{report.stem}-charts")
    _make(folder)
    found = []
    for _, chart in charts_of(shown_study(results, Damage(results.folder))):
        write_text(folder / f"{chart.name}.svg", chart.svg)
        found.append((chart.name, quote(f"{folder.name}/{chart.name}.svg")))
    return found


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(Problem(str(folder), "must be a folder to write to", reason)) from error
