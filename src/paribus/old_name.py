"""Uses of the project's former name, `ceteris`, which are kept so that existing files can be read.

- Folders of results may contain `OLD_DATABASE`; it is read, and renamed by the next run.
- `OLD_DATA_VARIABLE` lists data folders if `PARIBUS_DATA` is not set; a remark says so.
- Data sets that were downloaded to the cache folder `OLD_NAME` are read there.
- The environment of a stored trial may have the package's version under the key `OLD_NAME`.
- Files of arrays have a description in their header, whose key stays `OLD_NAME`.
"""

from __future__ import annotations

__all__ = ["OLD_DATABASE", "OLD_DATA_VARIABLE", "OLD_NAME"]

OLD_NAME = "ceteris"
OLD_DATABASE = "ceteris.db"
OLD_DATA_VARIABLE = "CETERIS_DATA"
