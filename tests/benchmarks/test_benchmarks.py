"""The benchmarks' own arithmetic: what they count, what they refuse, what they print."""

import math
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from ruamel.yaml import YAML
from scipy import stats

import paribus
from benchmarks import held_out, table
from benchmarks.__main__ import merged
from benchmarks.equivalence import two_one_sided
from benchmarks.measuring.processes import ArmError, run, tree_bytes, wait_for_quiet
from benchmarks.measuring.ratios import line, paired_ratio
from benchmarks.whole_studies.arms import PARIBUS, TrialReport, commands_of, differences, reports_of
from benchmarks.whole_studies.summary import shares_of_limit, summarize
from benchmarks.whole_studies.workloads import WORKLOADS, Size, Work, forward_flop, prepare

ROOT = Path(__file__).parents[2]
TINY = Size(0.004, 0.002, 2)


def test_flop_of_a_known_network():
    rows = [
        ("Conv2D", (26, 26, 32), 9 * 32 + 32),
        ("MaxPooling2D", (13, 13, 32), 0),
        ("Flatten", (5408,), 0),
        ("Dense", (10,), 5408 * 10 + 10),
        ("BatchNormalization", (10,), 40),
    ]
    assert forward_flop(rows) == 2 * (26 * 26 * 320 + 54090)


@pytest.mark.data
def test_work_of_a_workload_counted_by_hand(real_data):
    workload = next(w for w in WORKLOADS if w.name == "tutorial CNN")
    prepared = prepare(workload, TINY)
    (work,) = prepared.work.values()
    conv = 9 * 32 + 32 + 9 * 32 * 64 + 64
    assert work.parameters == conv + 12 * 12 * 64 * 128 + 128 + 128 * 10 + 10
    assert work.trained == 2 * 240
    assert work.steps == 2 * math.ceil(240 / 128)
    assert work.evaluated == 3 * 120 + 2 * 120 + 240
    assert [trial["seed"] for trial in prepared.trials] == [0]


@pytest.mark.slow
@pytest.mark.data
def test_paribus_does_the_work_that_peers_are_held_to(real_data, tmp_path):
    prepared = prepare(WORKLOADS[0], replace(TINY, seeds=2))
    prepared.trials = [trial for trial in prepared.trials if trial["variant"] == "one/l2"]
    commands = commands_of(PARIBUS, prepared, tmp_path, sys.executable)
    only = (*commands.commands[0], "--only", "one/none", "--only", "one/l2")
    measured = run([only], commands.environment, tmp_path / "log.txt")
    assert measured.seconds > 0
    assert measured.peak_bytes > 100_000_000
    reports = [item for item in reports_of(commands) if item.variant == "one/l2"]
    assert differences(reports, prepared) == []
    assert all(seconds > 0 for item in reports for seconds in item.epoch_seconds)
    other = [replace(reports[0], work=replace(reports[0].work, steps=3)), *reports[1:]]
    assert len(differences(other, prepared)) == 1
    assert "trials differ" in differences(reports[:1], prepared)[0]


def test_the_held_out_study_is_what_its_seed_draws():
    text = held_out.PATH.read_text()
    seed = int(text.splitlines()[0].rsplit(" ", 1)[1])
    assert YAML(typ="safe", pure=True).load(text) == held_out.study(seed)
    assert held_out.study(seed + 1) != held_out.study(seed)
    for number in range(30):
        paribus.from_mapping(held_out.study(number)).plan()


def test_ratios_agree_with_scipy():
    peer, own = [30.0, 33.0, 29.0, 35.0], [10.0, 11.5, 9.0, 11.0]
    ratio = paired_ratio(peer, own)
    logs = np.log(np.array(peer) / np.array(own))
    interval = stats.ttest_1samp(logs, 0.0).confidence_interval(0.95)
    assert (ratio.low, ratio.high) == pytest.approx(tuple(np.exp([interval.low, interval.high])))
    assert ratio.median == pytest.approx(math.exp(np.median(logs)))
    assert math.isnan(paired_ratio([2.0], [1.0]).low)
    with pytest.raises(ValueError, match="paired"):
        paired_ratio([1.0], [1.0, 2.0])
    assert line([1, 2, 4], [3.0, 5.0, 9.0]) == pytest.approx((1.0, 2.0))


def test_two_one_sided_tests_keep_their_level():
    rng = np.random.default_rng(0)
    at_the_edge = sum(two_one_sided(rng.normal(0.002, 0.003, 20), 0.002).shown for _ in range(2000))
    assert at_the_edge / 2000 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)
    inside = two_one_sided(rng.normal(0.0, 0.001, 20), 0.002)
    assert inside.shown
    assert -0.002 < inside.low < inside.high < 0.002
    assert not two_one_sided(rng.normal(0.0, 0.01, 20), 0.002).shown


def test_memory_of_a_process_and_its_children():
    code = "import time; block = bytearray(b'x') * 200_000_000; print('ready', flush=True); time.sleep(60)"
    shell = [
        sys.executable,
        "-c",
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])",
    ]
    process = subprocess.Popen(shell, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        assert 200_000_000 < tree_bytes(process.pid) < 300_000_000
    finally:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.wait()
        process.stdout.close()
    assert tree_bytes(process.pid) == 0


def test_a_failing_arm_is_quoted_and_a_busy_machine_refused(tmp_path):
    with pytest.raises(ArmError, match="no such thing"):
        run([[sys.executable, "-c", "raise SystemExit('no such thing')"]], {}, tmp_path / "log")
    start = time.perf_counter()
    with pytest.raises(ArmError, match="busy"):
        wait_for_quiet(limit=-1.0, patience=0.0)
    assert time.perf_counter() - start < 30


def result():
    def trial(seconds):
        work = Work(10, 4, 400, 100)
        return vars(TrialReport("base", 0, work, (9.0, seconds), 0.9)) | {"work": vars(work)}

    def measured(number, arm, seconds, step):
        return {
            "round": number,
            "arm": arm,
            "seconds": seconds,
            "cpu_seconds": seconds,
            "peak_bytes": 10**9,
            "trials": [trial(step)],
        }

    runs = [measured(n, arm, s + n, t) for n in range(3) for arm, s, t in (
        ("paribus", 10.0, 2.0), ("keras", 30.0, 4.0), ("torch-tuned", 20.0, 3.0))]  # fmt: skip
    return {
        "date": "2026-01-01",
        "busy": False,
        "machine": {
            "cores": 2,
            "processor": "CPU",
            "versions": {"paribus": "0", "torch": "2"},
            "peers": {"keras": "3", "tensorflow-cpu": "2"},
        },
        "limits": [{"all_cores": {"fp32": 1e6}}, {"all_cores": {"fp32": 2e6}}],
        "workloads": [
            {
                "workload": "lab A",
                "precision": "fp32",
                "size": {"epochs": 2},
                "work": {"base": {"trained": 400}},
                "forward_flop": {"base": 1000},
                "trials": 1,
                "runs": runs,
            }
        ],
    }


def test_merging_replaces_workloads_of_the_same_name():
    old = {**result(), "size": "quick", "command": "one", "scaling": {"seeds": []}}
    fresh = {**result()["workloads"][0], "trials": 7}
    new = {
        **old,
        "command": "two",
        "scaling": None,
        "workloads": [fresh, {**fresh, "workload": "x"}],
    }
    both = merged(old, new)
    assert [(item["workload"], item["trials"]) for item in both["workloads"]] == [
        ("lab A", 7),
        ("x", 7),
    ]
    assert both["command"] == "one; two"
    assert len(both["limits"]) == 4
    assert both["scaling"] == {"seeds": []}
    with pytest.raises(SystemExit, match="--merge: busy must be the same"):
        merged({**old, "busy": True}, new)


def test_summary_and_tables_of_known_runs():
    (workload,) = result()["workloads"]
    arms = {item.arm: item for item in summarize(workload)}
    assert arms["keras"].seconds == 31.0
    assert arms["keras"].ratio.median == pytest.approx(31 / 11)
    assert arms["keras"].step_microseconds == pytest.approx(4.0 / 200 * 1e6)
    assert arms["paribus"].step_microseconds == pytest.approx(2.0 / 200 / 2 * 1e6), "two workers"
    assert shares_of_limit(workload, result()["limits"]) == {
        "base": pytest.approx(3000 / 5e-3 / 2e6)
    }
    text = table.headline(result())
    assert "| lab A (1 trials, 200 images, 2 epochs) | 11 s | 2.82x" in text
    assert "1.91x" in text
    assert "torch-tuned" not in table.markdown(result())
    with pytest.raises(ValueError, match="must hold"):
        table.updated("no markers", "benchmarks", text)
    page = "before <!-- a:begin --> old <!-- a:end --> after"
    assert table.updated(page, "a", "new") == "before <!-- a:begin -->\nnew\n<!-- a:end --> after"


@pytest.mark.parametrize("name", table.SECTIONS)
def test_pages_show_the_committed_figures(name):
    assert (ROOT / name).read_text(encoding="utf-8") == table.page_with_figures(name)


@pytest.mark.parametrize("module", ["gpu", "record", "stacked_convolutions"])
def test_gpu_benchmarks_say_that_they_need_one(module):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU: the benchmark would run")
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 1
    assert (
        done.stderr.strip()
        == f"benchmarks.{module}: needs a GPU that torch can use; torch sees none"
    )
