"""The record of a study file and its plan, written when a run begins."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Registration"]


@dataclass(frozen=True)
class Registration:
    """Text and plan of a study when a run began."""

    study: str
    study_yaml: str
    manifest: str
    at: str
