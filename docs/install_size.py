"""Measure what an installation takes: `python -m docs.install_size`.

It makes a fresh virtual environment in a temporary folder, installs the package of this work tree with the
versions of `constraints.txt`, and prints the sizes of the largest distributions as a Markdown table. It needs
pip and what pip needs to find the packages; `docs/install.md` holds what it has printed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import venv
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
LARGEST = 12
MEGABYTE = 1_000_000
MEASURE = """
import json
from importlib.metadata import distributions

print(json.dumps([
    [found.name, found.version, sum(path.stat().st_size for file in found.files or ()
                                    if (path := file.locate()).is_file())]
    for found in distributions()
]))
"""


def installed(extras: str) -> list[tuple[str, str, int]]:
    """Install into a fresh environment; return name, version and bytes of each distribution but pip."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        binaries = Path(folder) / ("Scripts" if os.name == "nt" else "bin")
        python = str(binaries / "python")
        wanted = f"{ROOT}[{extras}]" if extras else str(ROOT)
        constraints = ["--constraint", str(ROOT / "constraints.txt")]
        # Run in the folder: a work tree on the import path would count as installed.
        pip = [python, "-m", "pip", "install", "--quiet", "--quiet", *constraints, wanted]
        subprocess.run(pip, check=True, cwd=folder)
        shown = subprocess.run(
            [python, "-I", "-c", MEASURE], check=True, cwd=folder, capture_output=True, text=True
        )
    return [
        (name, version, size) for name, version, size in json.loads(shown.stdout) if name != "pip"
    ]


def table(sizes: list[tuple[str, str, int]], largest: int = LARGEST) -> str:
    """Format the largest distributions, the rest and the total, in MB of 1,000,000 bytes.

    Example:
        >>> print(table([("small", "1", 2_000_000), ("large", "2", 9_400_000)], 1))
        | distribution | version | MB |
        |---|---|--:|
        | large | 2 | 9.4 |
        | 1 other | | 2.0 |
        | **all 2** | | **11.4** |
    """
    ordered = sorted(sizes, key=lambda row: (-row[2], row[0].lower()))
    shown, others = ordered[:largest], ordered[largest:]
    lines = ["| distribution | version | MB |", "|---|---|--:|"]
    lines += [f"| {name} | {version} | {size / MEGABYTE:,.1f} |" for name, version, size in shown]
    if others:
        rest = sum(row[2] for row in others) / MEGABYTE
        lines.append(f"| {len(others)} other{'s' if len(others) > 1 else ''} | | {rest:,.1f} |")
    total = sum(row[2] for row in sizes) / MEGABYTE
    lines.append(f"| **all {len(sizes)}** | | **{total:,.1f}** |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extras", default="", help="extras to install, such as serve")
    extras = parser.parse_args().extras
    sizes = installed(extras)
    what = f"paribus[{extras}]" if extras else "paribus"
    system = f"{platform.system()} {platform.machine()}"
    print(f"{what}, measured {date.today()} with Python {platform.python_version()} on {system}:\n")
    print(table(sizes))


if __name__ == "__main__":
    sys.exit(main())
