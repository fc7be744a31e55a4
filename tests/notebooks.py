"""Run a notebook as Jupyter does: in a kernel of its own, from top to bottom."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["executed", "outputs"]


def executed(notebook: Mapping[str, Any], folder: Path, *, seconds: int = 300) -> Any:
    """Return a notebook with its outputs; a cell that fails raises.

    Args:
        notebook: as read from its JSON.
        folder: where it runs.
        seconds: the most that one cell may take.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter's own libraries
        import nbformat
        from nbclient import NotebookClient

        found = nbformat.from_dict(notebook)
        nbformat.validate(found)
        client = NotebookClient(
            found,
            timeout=seconds,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
        )
        return client.execute()


def outputs(cell: Any) -> list[str]:
    """Return the kinds of everything that a cell has shown, e.g. ``image/svg+xml``."""
    return [kind for output in cell["outputs"] for kind in output.get("data", {})]
