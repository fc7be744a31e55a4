"""The figures in README and docs/benchmarks.md, from the committed JSON: `python -m benchmarks.table`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.convolutions import rows_of
from benchmarks.large import markdown as large
from benchmarks.measuring.ratios import Ratio
from benchmarks.whole_studies.arms import ARMS
from benchmarks.whole_studies.summary import OWN, shares_of_limit, summarize
from paribus.judge.statistics.samples import seeds_for_direction
from paribus.judge.verdicts import MIN_SEEDS
from paribus.wording import counted

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
LABELS = {arm.name: arm.label for arm in ARMS}
TUNED = ("keras", "keras-tuned", "keras-two", "torch-tuned")
"""Arms of which the fastest counts as the best peer."""


def markdown(result: Mapping[str, Any]) -> str:
    """Return all figures of a run as Markdown."""
    lines = [_heading(result), ""]
    for workload in result["workloads"]:
        lines += [f"**{workload['workload']}** ({_size(workload)})", ""]
        lines += [
            "| | seconds | paribus is faster by | µs per training example | memory | val. accuracy |"
        ]
        lines += ["|---|--:|--:|--:|--:|--:|"]
        for item in summarize(workload):
            faster = "" if item.arm == OWN else _times(item.ratio)
            lines.append(
                f"| {LABELS[item.arm]} | {item.seconds:.1f} | {faster} | {item.step_microseconds:.1f}"
                f" | {item.peak_bytes / 1e9:.1f} GB | {item.val_accuracy:.1%} |"
            )
        shares = shares_of_limit(workload, result["limits"])
        reached = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        lines += ["", f"Share of the machine's matrix-product rate: {reached}.", ""]
    if result.get("scaling"):
        lines += [scaling(result["scaling"]), ""]
    return "\n".join(lines).rstrip()


def headline(result: Mapping[str, Any]) -> str:
    """Return the short table of the README."""
    lines = [
        _heading(result),
        "",
        "| study | paribus | Keras, as a student writes it | fastest peer, tuned | PyTorch tutorial loop |",
        "|---|--:|--:|--:|--:|",
    ]
    for workload in result["workloads"]:
        arms = {item.arm: item for item in summarize(workload)}
        tuned = [arms[name] for name in TUNED if name in arms]
        best = min(tuned, key=lambda item: item.ratio.median) if tuned else None
        cells = [
            f"{arms[OWN].seconds:.0f} s",
            _cell(arms.get("keras")),
            f"{_times(best.ratio)} ({LABELS[best.arm].split(',')[0]})" if best else "",
            _cell(arms.get("torch")),
        ]
        lines.append(f"| {workload['workload']} ({_size(workload)}) | " + " | ".join(cells) + " |")
    lines += _across_precisions(result)
    return "\n".join(lines)


def _across_precisions(result: Mapping[str, Any]) -> list[str]:
    """What bf16 gains over what the authors of a lab ran: Keras in fp32."""
    by_name = {item["workload"]: item for item in result["workloads"]}
    lines = []
    for name, workload in by_name.items():
        wide = by_name.get(name.removesuffix(", bf16"))
        if wide is None or wide is workload:
            continue
        keras = {item.arm: item for item in summarize(wide)}.get("keras")
        own = {item.arm: item for item in summarize(workload)}[OWN]
        if keras is not None:
            lines.append(
                f"{wide['workload']}: bf16 in paribus against fp32 Keras, as a student writes it: "
                f"{keras.seconds / own.seconds:.2f}x."
            )
    return ["", *lines] if lines else []


def scaling(found: Mapping[str, Any]) -> str:
    """Return what seeds, variants, workers and trials cost."""
    lines = [
        "**Cost of seeds** (lab A's first network)",
        "",
        "| seeds | workers | seconds | memory |",
        "|--:|--:|--:|--:|",
    ]
    for item in (*found["seeds"], *found["jobs"]):
        lines.append(
            f"| {item['seeds']} | {item['jobs']} | {item['seconds']:.1f} | {item['peak_bytes'] / 1e9:.2f} GB |"
        )
    fit, empty = found["fit_seconds"], found["overhead_seconds"]
    lines += [
        "",
        f"Fit over seeds: {fit['start_up']:.1f} s + {fit['per_trial']:.2f} s per trial. "
        f"A trial that trains next to nothing costs {1000 * empty['per_trial']:.0f} ms.",
    ]
    return "\n".join(lines)


def precision(found: Mapping[str, Any]) -> str:
    """Return the test that bf16 is as accurate as fp32."""
    lines = [
        f"Measured {found['date']}: `{found['command']}`.",
        "",
        "| study | n | fp32 | bf16 | difference (90 % interval) | p | within 0.2 points | training is faster by |",
        "|---|--:|--:|--:|--:|--:|---|--:|",
    ]
    for item in found["studies"]:
        accuracy = item["val_accuracy"]
        lines.append(
            f"| {item['study']} | {item['n']} | {accuracy['fp32']:.2%} | {accuracy['bf16']:.2%} "
            f"| {100 * item['mean']:+.3f} points [{100 * item['low']:+.3f}, {100 * item['high']:+.3f}] "
            f"| {item['p']:.2g} | {'shown' if item['shown'] else 'not shown'} "
            f"| {item['training_speedup']:.2f}x |"
        )
    return "\n".join(lines)


def forecast(found: Mapping[str, Any]) -> str:
    """Return what `plan` said beside what `run` took."""
    lines = [
        f"Measured {found['date']}: `{found['command']}`.",
        "",
        "| study | seconds, forecast | taken | ratio | memory, forecast | taken | ratio |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for item in found["workloads"]:
        lines.append(
            f"| {item['workload']} | {item['forecast_seconds']:.0f} | {item['seconds']:.0f} "
            f"| {item['time_ratio']:.2f} | {item['forecast_bytes'] / 1e9:.2f} GB "
            f"| {item['bytes'] / 1e9:.2f} GB | {item['memory_ratio']:.2f} |"
        )
    return "\n".join(lines)


def _cell(item: Any) -> str:
    return _times(item.ratio) if item else ""


def _times(ratio: Ratio) -> str:
    text = f"{ratio.median:.2f}x"
    return text if math.isnan(ratio.low) else f"{text} [{ratio.low:.2f}, {ratio.high:.2f}]"


def _size(workload: Mapping[str, Any]) -> str:
    work = next(iter(workload["work"].values()))
    epochs = workload["size"]["epochs"]
    examples = work["trained"] // epochs
    return f"{workload['trials']} trials, {examples:,} images, {epochs} epochs"


def _heading(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    rounds = 1 + max(run["round"] for item in result["workloads"] for run in item["runs"])
    beside = ", beside one busy process" if result["busy"] else ""
    return (
        f"Measured {result['date']} on {machine['cores']} cores of {machine['processor']}{beside}: "
        f"whole processes, {rounds} interleaved rounds, medians with 95 % intervals of the ratios; "
        f"paribus {machine['versions']['paribus']}, torch {machine['versions']['torch']}, "
        f"keras {machine['peers']['keras']} on tensorflow {machine['peers']['tensorflow-cpu']}."
    )


def calibration(found: Mapping[str, Any]) -> str:
    """Return the simulated error rates."""
    lines = [
        f"Simulated {found['date']}: `{found['command']}`.",
        "",
        "| what is counted | studies | rate | promised |",
        "|---|--:|--:|--:|",
    ]
    for item in found["scenarios"]:
        lines.append(
            f"| {item['scenario']} | {item['studies']:,} | {item['rate']:.2%} | {_promised(item['promised'])} |"
        )
    return "\n".join(lines)


def _promised(limits: Sequence[float] | None) -> str:
    if limits is None:
        return "nothing"
    low, high = limits
    return f"at most {high:.1%}" if low == 0 else f"{low:.0%} to {high:.0%}"


def diagnosis(found: Mapping[str, Any]) -> str:
    """Return which mistakes were found, and whether the right cause came first."""
    lines = [
        f"Measured {found['date']}{_where(found)}: `{found['command']}`.",
        "",
        "| mistake | check | forms | found | named first |",
        "|---|---|--:|--:|--:|",
    ]
    for mistake in dict.fromkeys(item["mistake"] for item in found["injected"]):
        rows = [item for item in found["injected"] if item["mistake"] == mistake]
        first = sum(item["said"][:1] == [item["check"]] for item in rows)
        lines.append(
            f"| {mistake} | `{rows[0]['check']}` | {len(rows)} "
            f"| {sum(item['found'] for item in rows)} | {first} |"
        )
    return "\n".join(
        [
            *lines,
            "",
            f"Found {found['found']:.0%}, named first {found['first']:.0%}; "
            f"{found['false_alarms']} of {len(found['clean'])} clean studies raised an alarm.",
            *_hard_studies(found.get("hard", ())),
        ]
    )


def _where(found: Mapping[str, Any]) -> str:
    return f" on {found['processor']}" if "processor" in found else ""


def _hard_studies(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the false alarms of clean studies by kind; nothing where none were measured."""
    if not rows:
        return []
    lines = ["", "| clean studies of a hard kind | studies | with a false alarm |", "|---|--:|--:|"]
    for kind in dict.fromkeys(row["kind"] for row in rows):
        mine = [row for row in rows if row["kind"] == kind]
        lines.append(f"| {kind} | {len(mine)} | {sum(bool(row['alarms']) for row in mine)} |")
    return lines


def spread(found: Mapping[str, Any]) -> str:
    """Return how much paired differences spread over seeds, and the seeds that follow."""
    lines = [
        f"Measured {found['date']} on {found['machine']['processor']}: `{found['command']}`.",
        "",
        "| study | difference | n | SD of the variant | SD of the baseline | SD of the paired difference "
        "| seeds to find 0.5 / 1 / 2 points |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for study in found["studies"]:
        name = Path(study["study"]).stem
        for row in study["rows"]:
            needed = (
                seeds_for_direction(gain / row["paired_std"], 0.05) for gain in (0.005, 0.01, 0.02)
            )
            seeds = " / ".join(
                "over 1,000" if n is None else str(max(n, MIN_SEEDS)) for n in needed
            )
            lines.append(
                f"| {name} | {row['variant']} - {row['baseline']} | {row['n']} | {100 * row['std']:.2f} "
                f"| {100 * row['baseline_std']:.2f} | {100 * row['paired_std']:.2f} | {seeds} |"
            )
    return "\n".join(lines)


def convolutions(found: Mapping[str, Any]) -> str:
    """Return our convolutions beside oneDNN's."""
    machine = found["machine"]
    wide = any(name.startswith("avx512") for name in machine["instructions"])
    widest = "AVX-512" if wide else "AVX2"
    lines = [
        f"Measured {found['date']} on one core of {machine['processor']} ({widest}): `{found['command']}`.",
        "",
        *rows_of(found["layers"]),
    ]
    return "\n".join(lines)


def gpu(found: Mapping[str, Any]) -> str:
    """Return seconds of trials on a GPU, alone and as groups."""
    seconds = {(row["precision"], row["way"]): row["seconds"] for row in found["rows"]}
    lines = [
        _on_a_gpu(found),
        "",
        "Lab A's first network on Fashion-MNIST, 42,000 images, "
        f"{counted(found['epochs'], 'epoch')}, scoring included; in brackets, as a multiple of one trial alone.",
        "",
        "| precision | 1 trial alone | 1 as a group | 10 one by one | 10 as one group | 40 as one group |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for precision in dict.fromkeys(row["precision"] for row in found["rows"]):
        alone = seconds[precision, "1 trial, alone"]
        single, *groups = (f"{n} trials, one group, by shape" for n in (1, 10, 40))
        cells = [f"{alone:.2f} s"]
        for way in (single, "10 trials, one by one", *groups):
            taken = seconds[precision, way]
            cells.append(f"{taken:.2f} s ({taken / alone:.1f}x)")
        lines.append(f"| {precision} | {' | '.join(cells)} |")
    return "\n".join(lines)


def record(found: Mapping[str, Any]) -> str:
    """Return what the speed run on CIFAR-10 takes and reaches."""
    accuracies, training = found["accuracy"], found["training_seconds"]
    return (
        f"{_on_a_gpu(found)} {counted(len(accuracies), 'seed')}, one after another: "
        f"{mean(training):.1f} s of training each, {mean(accuracies):.2%} on the official test images "
        f"(standard deviation {stdev(accuracies):.2%}); {found['wall_seconds']:.0f} s for all of it, start-up, "
        "reading, scoring and the report included."
    )


def stacked(found: Mapping[str, Any]) -> str:
    """Return, for one layer of many networks, how long each way to convolve takes."""
    lines = [
        f"{_on_a_gpu(found)} Microseconds per network, forward and backward.",
        "",
        "| precision | layer | channels, filters | networks | products | grouped | each |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for row in found["rows"]:
        if row["members"] == 1:
            continue
        best = min((us for us in row["us"].values() if us is not None), default=None)
        cells = []
        for us in row["us"].values():
            text = "no memory" if us is None else f"{us / row['members']:.0f}"
            cells.append(f"**{text}**" if us == best else text)
        size = f"{row['channels']}, {row['filters']}"
        lines.append(
            f"| {row['precision']} | {row['name']} | {size} | {row['members']} | {' | '.join(cells)} |"
        )
    return "\n".join(lines)


def _on_a_gpu(found: Mapping[str, Any]) -> str:
    machine = found["machine"]
    return (
        f"Measured {found['date']} on one {machine['gpu']}, torch {machine['versions']['torch']}: "
        f"`{found['command']}`."
    )


SECTIONS = {
    "README.md": {"benchmarks": ("cpu.json", headline)},
    "docs/benchmarks.md": {
        "quiet": ("cpu.json", markdown),
        "busy": ("busy.json", headline),
        "convolutions": ("convolutions.json", convolutions),
        "convolutions-avx512": ("convolutions-avx512.json", convolutions),
        "precision": ("precision.json", precision),
        "forecast": ("forecast.json", forecast),
        "gpu": ("gpu.json", gpu),
        "record": ("record.json", record),
        "large": ("large.json", large),
        "stacked": ("stacked-convolutions.json", stacked),
    },
    "docs/checks.md": {"diagnosis": ("diagnosis.json", diagnosis)},
    "docs/statistics.md": {
        "calibration": ("calibration.json", calibration),
        "spread": ("spread.json", spread),
    },
}
"""Page -> section -> the JSON it shows, and how."""


def updated(page: str, section: str, text: str) -> str:
    """Return a page with a text between the markers of a section.

    Raises:
        ValueError: a marker is missing.
    """
    begin, end = f"<!-- {section}:begin -->", f"<!-- {section}:end -->"
    if begin not in page or end not in page:
        raise ValueError(f"the page must hold {begin} and {end}")
    before, rest = page.split(begin, 1)
    return f"{before}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}"


def page_with_figures(name: str) -> str:
    """Return a page of `SECTIONS` as the committed JSON wants it."""
    page = (ROOT / name).read_text(encoding="utf-8")
    for section, (file, show) in SECTIONS[name].items():
        page = updated(page, section, show(json.loads((RESULTS / file).read_text())))
    return page


def main() -> None:
    """Write the figures into the pages."""
    for name in SECTIONS:
        (ROOT / name).write_text(page_with_figures(name), encoding="utf-8")
        print(f"written: {name}")


if __name__ == "__main__":
    main()
