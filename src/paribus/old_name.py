"""What still bears the name under which this project began, `ceteris`, so that nothing that exists is lost.

- Folders of results hold `OLD_DATABASE`; it is read where it lies, and renamed by the next run.
- `OLD_DATA_VARIABLE` names folders of data where `PARIBUS_DATA` is not set, with a note.
- Data sets that were downloaded lie in a cache of `OLD_NAME`; they are read there.
- The environment of a stored trial names the version by `OLD_NAME`.
- Arrays in files of results stand beside their description, whose key stays `OLD_NAME` for ever.
"""

from __future__ import annotations

__all__ = ["OLD_DATABASE", "OLD_DATA_VARIABLE", "OLD_NAME"]

OLD_NAME = "ceteris"
OLD_DATABASE = "ceteris.db"
OLD_DATA_VARIABLE = "CETERIS_DATA"
