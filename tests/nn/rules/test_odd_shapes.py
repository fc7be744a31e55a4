"""Every layer of the registry on odd shapes, alone and stacked, against the NumPy reference.

Each is tried in a process of its own: some of PyTorch's faults are crashes.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from paribus.nn.native import library as native
from paribus.nn.registry import LAYERS
from tests.nn.rules import odd_shapes

SCRIPT = Path(odd_shapes.__file__)
TOLERANCE = 2e-4
"""Of float32 sums; normalisation divides by the root of 0.001 where all numbers are equal."""


class Forks:
    """A program that has imported everything and tries each layer in a child of itself."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT)], stdin=-1, stdout=-1, text=True
        )

    def communicated(self, kind):
        """Return the lines of a child; the last one is its exit status."""
        print(kind, file=self.process.stdin, flush=True)
        lines = []
        while not lines or not lines[-1].startswith('{"ended"'):
            lines.append(self.process.stdout.readline())
            assert lines[-1], "the program itself has ended"
        return lines


@pytest.fixture(scope="module")
def forks():
    assert native.build().path is not None, "the kernels are what is tried"
    found = Forks()
    with found.process:
        yield found
        found.process.stdin.close()


def test_every_layer_of_the_registry_has_cases():
    assert set(odd_shapes.CASES) == set(LAYERS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_computes_what_the_reference_computes_alone_and_stacked(forks, kind):
    said = forks.communicated(kind)
    lines = [json.loads(line) for line in said]
    assert lines.pop() == {"ended": 0}, lines[-1:]  # a KeyError: write its CASES
    found = [line for line in lines if line.get("errors")]
    assert len(found) >= 4
    wrong = [line for line in found if max(line["errors"].values()) > TOLERANCE]
    assert not wrong, wrong[:5]
