"""Make `src/paribus/data/digits.csv.gz` again: `python -m docs.make_digits`.

The file is scikit-learn's, byte for byte; `digits.LICENSE.txt` beside it says whose data it holds. This needs
scikit-learn, which paribus itself does not. It refuses any other bytes, since they could change the fingerprint
of the data, and with it the identity of every trial on them.
"""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

SHIPPED = Path(__file__).parents[1] / "src" / "paribus" / "data" / "digits.csv.gz"
SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"


def original() -> bytes:
    """Return scikit-learn's file, if it is still the one that paribus ships.

    Raises:
        SystemExit: its bytes are others.
    """
    content = resources.files("sklearn.datasets").joinpath("data", "digits.csv.gz").read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise SystemExit(
            f"scikit-learn's digits.csv.gz: must have the SHA-256 {SHA256}, got {found}. "
            "Keep the file that is there, which needs no renewal."
        )
    return content


def main() -> None:
    """Write the file."""
    SHIPPED.write_bytes(original())
    print(f"{SHIPPED}: {SHIPPED.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
