"""`paribus run`: run the missing trials of a study, show progress, and print the results."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.cli.explained import BAD_INPUT, DOUBTFUL, TRIALS_FAILED, explained
from paribus.cli.options import Json, Only, Overrides, Port, Seeds, Store
from paribus.cli.saying import say, say_json

if TYPE_CHECKING:
    from paribus.api import Observer, Results, Study
    from paribus.api import Progress as RunProgress

__all__ = ["ORDER", "command"]

ORDER = 40


@explained
def command(
    study: Annotated[
        Path, typer.Argument(help="The study file, or the output folder of a run to go on with.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Output folder [results/STUDY].")
    ] = None,
    store: Store = None,
    seeds: Seeds = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Worker processes [one per core].")
    ] = None,
    overrides: Overrides = None,
    only: Only = None,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu [the default] or cuda.")
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="NAME",
            help="Where trials run: processes [the default], or inline, in this very process.",
        ),
    ] = None,
    group_size: Annotated[
        int | None,
        typer.Option(
            "--group-size",
            min=1,
            help="Trials trained together as one program [1 on cpu, 16 on cuda].",
        ),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show the report in a browser while trials run.")
    ] = False,
    port: Port = 0,
    as_json: Json = False,
) -> None:
    """Run exactly what is missing, then print results, claims and the report's path.

    Example: paribus run study.yaml --seeds 5
    """
    if serve and as_json:
        message = "run: --serve and --json exclude each other. Leave one out."
        say(message, err=True)
        raise typer.Exit(BAD_INPUT)
    from paribus import api
    from paribus.api.run.folder import is_folder

    loaded, kept = _opened(study)
    folder = out or (study if is_folder(study) else api.default_out(loaded.name))
    given = {
        "seeds": seeds,
        "jobs": jobs,
        "overrides": overrides,
        "only": only,
        "device": device,
        "group_size": group_size,
        "executor": executor,
    }
    options = {**kept, **{name: value for name, value in given.items() if value is not None}}
    if serve:
        raise typer.Exit(_serve(study, folder, loaded, options, store, port))
    from paribus.api.run.running import RunOptions

    with _interruptible(), _progress() as observe:
        chosen = RunOptions(**options)
        results = loaded.run(folder, store=store, options=chosen, observe=observe)
    if as_json:
        say_json(results.to_json())
    else:
        _print_results(results, folder)
    raise typer.Exit(_exit_code(results))


def _opened(path: Path) -> tuple[Study, dict[str, Any]]:
    """Load a study file (without options), or the study of an output folder with its last options."""
    from paribus import api
    from paribus.api.run.folder import is_folder

    if not is_folder(path):
        return api.load(path), {}
    return api.reopen(path)


def _serve(
    study: Path,
    folder: Path,
    loaded: Study,
    options: dict[str, Any],
    store: str | None,
    port: int,
) -> int:
    """Run the study in a separate process, and serve its live page; return the run's exit code."""
    from paribus.cli.commands.results.serve import serve_run
    from paribus.execute.executors import executor_named

    if options.get("executor") is not None:
        executor_named(options["executor"])  # or explain
    plan = {name: options.get(name) for name in ("seeds", "overrides", "only")}
    loaded.plan(**{name: value for name, value in plan.items() if value is not None})  # or explain
    return serve_run(study, folder, options, store, port)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Make SIGTERM stop a run as Ctrl-C does: workers are ended, and finished trials are kept."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        signal.signal(
            signal.SIGTERM, signal.SIG_IGN
        )  # one end is enough, also while it is under way
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        raise KeyboardInterrupt

    names = (signal.SIGINT, signal.SIGTERM)
    before = [(name, signal.signal(name, interrupt)) for name in names]
    try:
        yield
    finally:
        for name, handler in before:
            signal.signal(name, handler)


def _exit_code(results: Results) -> int:
    summary = results.summary
    if summary.missing or any(trial.status == "failed" for trial in summary.trials):
        return TRIALS_FAILED
    refuted = any(row.verdict == "refuted" for row in summary.claims)
    broken = any(finding.severity == "error" for finding in summary.findings)
    return DOUBTFUL if refuted or broken else 0


def _print_results(results: Results, folder: Path) -> None:
    from paribus.report.terminal.summary import show_results

    show_results(results.summary)
    say(f"Report: {folder / 'report.html'}")


@contextmanager
def _progress() -> Iterator[Observer]:
    """Show a progress bar on stderr, or plain lines if stderr is no terminal."""
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from paribus.report.terminal.screen import console_of

    if not sys.stderr.isatty():
        yield _plain_observer()
        return
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} epochs"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[news]}", markup=False),
        console=console_of(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("data", total=1, news="")

        said: set[str] = set()

        def observe(progress: RunProgress) -> None:
            for line in _new(progress.lines, said):
                bar.console.print(line, markup=False, emoji=False, highlight=False, soft_wrap=True)
            counts = (
                f" {progress.num_finished}/{progress.num_trials}{_without_result(progress)}"
                if progress.num_trials
                else ""
            )
            bar.update(
                task,
                description=progress.phase + counts,
                total=max(1, progress.total_epochs),
                completed=progress.done_epochs,
                news=progress.text,
            )

        yield observe


def _plain_observer() -> Observer:
    """Return an observer that prints a line per phase, per tenth of the epochs, and per failed trial."""
    said: set[tuple[str, int, str]] = set()
    lines: set[str] = set()

    def observe(progress: RunProgress) -> None:
        for line in _new(progress.lines, lines):
            say(line, err=True)
        tenth = 10 * progress.done_epochs // max(1, progress.total_epochs)
        without = _without_result(progress)
        if (progress.phase, tenth, without) in said:
            return
        said.add((progress.phase, tenth, without))
        share = f" {10 * tenth} %" if progress.total_epochs else ""
        say(f"{progress.phase}{share}{without}", err=True)

    return observe


def _without_result(progress: RunProgress) -> str:
    """Return text with the numbers of failed and missing trials, "" if there are none."""
    failed = f", {progress.num_failed} failed" if progress.num_failed else ""
    return failed + (f", {progress.num_missing} missing" if progress.num_missing else "")


def _new(lines: Sequence[str], said: set[str]) -> list[str]:
    """Return the lines that are not in ``said``, and add them to it."""
    fresh = [line for line in lines if line not in said]
    said.update(fresh)
    return fresh
