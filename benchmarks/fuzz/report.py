"""Words about disagreements: how to repeat one, its study, the closing count."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from ruamel.yaml import YAML

from benchmarks.fuzz.drawing.cases import drawn_case
from benchmarks.fuzz.workers import Found

__all__ = ["Tally", "described"]


@dataclass
class Tally:
    """Sums over networks."""

    networks: int = 0
    steps: int = 0
    told: int = 0
    undecided: int = 0
    disagreements: list[int] = field(default_factory=list)

    def add(self, found: Found) -> None:
        """Count one network."""
        self.networks += 1
        self.steps += found.steps
        self.told += found.told
        self.undecided += found.undecided
        if found.differences:
            self.disagreements.append(found.index)

    def summary(self) -> str:
        """Return the closing line."""
        return (
            f"{self.networks} networks, {self.steps} steps compared: "
            f"{len(self.disagreements)} disagreements; {self.told} steps agree once told the side of a "
            f"kink, {self.undecided} have too many kinks within rounding to compare gradients;"
        )


def described(seed: int, found: Found) -> str:
    """Return a disagreement with the command that repeats it and the study that shows it."""
    lines = [f"python -m benchmarks.fuzz --only {seed}:{found.index}", *found.differences]
    if not found.differences:
        lines.append(f"agrees: {found.steps} steps, {found.told} told, {found.undecided} undecided")
    study = found.shrunk or drawn_case(seed, found.index).settings()
    text = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 120
    yaml.dump(study, text)
    lines += [f"  {line}" for line in text.getvalue().splitlines()]
    return "\n".join(lines)
