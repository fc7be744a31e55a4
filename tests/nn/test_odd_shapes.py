"""Every layer of the registry on odd shapes, alone and stacked, against the NumPy reference.

Each runs in a process of its own: some of PyTorch's faults are crashes.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ceteris.nn.registry import LAYERS
from tests.nn import odd_shapes

SCRIPT = Path(odd_shapes.__file__)
TOLERANCE = 2e-4
"""Of float32 sums; normalisation divides by the root of 0.001 where all numbers are equal."""


def test_every_layer_of_the_registry_has_cases():
    assert set(odd_shapes.CASES) == set(LAYERS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_computes_what_the_reference_computes_alone_and_stacked(kernels, kind):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), kind], capture_output=True, text=True, check=False
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (lines[-1:], done.stderr[-2000:])  # a KeyError: write its CASES
    found = [line for line in lines if line.get("errors")]
    assert len(found) >= 4
    wrong = [line for line in found if max(line["errors"].values()) > TOLERANCE]
    assert not wrong, wrong[:5]
