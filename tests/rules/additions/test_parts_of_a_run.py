"""A check, a store, a command or an executor is one file that is found by itself."""

import copy
import importlib
import sys

import pytest
from typer.testing import CliRunner

import paribus
from paribus import execute
from paribus.api.report.reporting import report_html
from paribus.api.run.running import RunOptions
from paribus.cli import commands
from paribus.execute import executors
from paribus.judge import checks
from paribus.store import kinds
from paribus.store.store import open_store
from tests.conftest import TINY

pytestmark = pytest.mark.slow


CHECK = '''
"""A study whose name is short."""

from paribus.judge.results import Finding


def check(study):
    if len(study.plan.study) < 10:
        yield Finding(
            "name_of_a_plug_in", "note", "study", "its name has few letters", "Use more"
        )
'''


def test_a_check_is_one_file(plug, folder):
    plug(checks, "name_of_a_plug_in", CHECK)
    results = paribus.open_results(folder)
    assert "its name has few letters" in report_html(results)


STORE = '''
"""A store in memory that forgets at its end."""

from paribus.store.kinds.sql import SqlStore
from paribus.store.schema import open_engine

SCHEMES = ("forgetful",)


def open_database(database, *, read_only=False, study=None):
    return SqlStore(open_engine("sqlite://"), database)
'''


def test_a_store_is_one_file(plug):
    plug(kinds, "forgetful_of_a_plug_in", STORE)
    with open_store("forgetful://anywhere") as store:
        store.register("study", "text", "{}", "now")
        assert len(store.registrations()) == 1
    with open_store("forgetful://anywhere") as store:
        assert store.registrations() == ()


COMMAND = '''
"""A command that greets."""

from paribus.cli.saying import say

ORDER = 35


def command() -> None:
    """Say hello."""
    say("hello")
'''


def test_a_command_is_one_file(plug, monkeypatch):
    plug(commands, "greet_of_a_plug_in", COMMAND)
    names = list(commands.commands())
    assert names.index("plan") < names.index("greet_of_a_plug_in") < names.index("run")
    for name in [name for name in sys.modules if name == "paribus.cli.main"]:
        monkeypatch.delitem(sys.modules, name)
    app = importlib.import_module("paribus.cli.main").app
    assert CliRunner().invoke(app, ["greet_of_a_plug_in"]).output == "hello\n"
    assert "Say hello." in CliRunner().invoke(app, ["--help"]).output


EXECUTOR = '''
"""Runs tasks in this process, and counts them."""

from paribus.execute.inline import Inline


class Counting(Inline):
    counted = 0

    def run(self, tasks, on_event):
        def counting():
            for task in tasks:
                Counting.counted += 1
                yield task

        super().run(counting(), on_event)


EXECUTOR = Counting
'''


def test_an_executor_is_one_file(plug, tmp_path):
    executors.executors.cache_clear()
    try:
        plug(execute, "counting_of_a_plug_in", EXECUTOR)
        options = RunOptions(executor="counting_of_a_plug_in")
        results = paribus.from_mapping(copy.deepcopy(TINY)).run(tmp_path / "out", options=options)
        counted = executors.executor_named("counting_of_a_plug_in").counted
    finally:
        executors.executors.cache_clear()
    assert counted >= 4
    assert results.summary.complete
