"""The version of the training arithmetic. A change that can change results raises it: trials of
another version are other trials.
"""

from __future__ import annotations

__all__ = ["ENGINE_VERSION"]

ENGINE_VERSION = 3
