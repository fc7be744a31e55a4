"""The address of a store: its URL, and a public form of the URL without secrets.

A URL may contain a password. Messages, files and process arguments contain only the public form, whose settings
are listed in `HARMLESS`. The rest of the URL comes from ``--store`` or `VARIABLE`, and stays in memory.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_plus

from paribus.errors import Problem, StoreError

__all__ = ["VARIABLE", "Address", "address_of", "completed", "given_by_variable"]

VARIABLE = "PARIBUS_STORE"
"""Environment variable with the URL of a store, secrets included."""

FORMS = "sqlite:///FILE or postgresql://USER@HOST:PORT/DATABASE"
HARMLESS = frozenset(
    {
        *("application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname"),
        *("gssencmode", "host", "hostaddr", "keepalives", "options", "port", "sslcert", "sslkey"),
        *("sslmode", "sslrootcert", "target_session_attrs", "user"),
    }
)
"""Settings in the query part of a URL (after the question mark) that may be shown."""
LONG = 6
"""Length in characters from which a secret is also replaced inside of words."""

_URL = re.compile(
    r"""(?P<scheme>[A-Za-z][A-Za-z0-9.+-]*)://
    (?:(?P<user>[^:/?\#@\s]*)(?::(?P<password>[^/?\#@\s]*))?@)?
    (?P<host>(?:\[[0-9A-Fa-f:.]+\]|[^:/?\#@\s\[\]]*)(?::[0-9]*)?)
    (?P<path>/[^?\#@\s]*)?
    (?:\?(?P<query>[^?\#\s]*))?""",
    re.VERBOSE,
)
_FILE = re.compile(r"sqlite(?:\+pysqlite)?://(?P<path>.*)", re.DOTALL)


@dataclass(frozen=True)
class Address:
    """The address of a store: a SQLite file, or a database on a server."""

    url: str = field(repr=False)
    """The whole URL, with its secrets."""
    public: str
    """The URL without parts that may be secret; it may be printed and written to files."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Secret texts, both percent-encoded as in the URL and decoded."""
    file: Path | None = None
    """Absolute path of a SQLite file; None for other stores."""

    @property
    def database(self) -> str | Path:
        """The argument for opening the store: the path of its file, or the whole URL."""
        return self.url if self.file is None else self.file

    def is_same(self, other: Address) -> bool:
        """Return whether two addresses are equal except for driver and secrets."""
        return _place(self.public) == _place(other.public)

    def hidden(self, text: str) -> str:
        """Return a text, for example a library's message, with every secret replaced by ``***``."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            found = re.escape(secret)
            # A short secret is replaced only as a whole word, not inside of other words.
            text = re.sub(found if len(secret) >= LONG else rf"(?<!\w){found}(?!\w)", "***", text)
        return text


def address_of(url: str, *, where: str = "--store") -> Address:
    """Read the URL of a store.

    Args:
        url: ``sqlite:///FILE`` (relative to the working folder unless the file begins with a slash),
            ``postgresql://...``, or the URL of another kind of store.
        where: name of the URL's origin in error messages, for example ``--store``.

    Raises:
        StoreError: the text is no URL, or it is ambiguous. The error does not show it.

    Example:
        >>> address_of("postgresql://me:pass@db/study?sslmode=require").public
        'postgresql://me@db/study?sslmode=require'
    """
    found = _FILE.fullmatch(url)
    if found is not None:
        return _file_address(found["path"], where)
    parts = _URL.fullmatch(url)
    if parts is None:
        rule = f"must be the URL of a store, such as {FORMS}"
        fix = "In a name or a password, write @ as %40, / as %2F, ? as %3F, # as %23 and a space as %20."
        raise StoreError(Problem(where, rule, "a text of another form (not shown)", fix))
    settings = [item for item in (parts["query"] or "").split("&") if item]
    shown = [item for item in settings if item.partition("=")[0] in HARMLESS]
    unshown = [item.partition("=")[2] for item in settings if item not in shown]
    raw = [secret for secret in (parts["password"], *unshown) if secret]
    user = "" if parts["user"] is None else f"{parts['user']}@"
    public = f"{parts['scheme']}://{user}{parts['host']}{parts['path'] or ''}"
    public += f"?{'&'.join(shown)}" if shown else ""
    secrets = tuple(dict.fromkeys((*raw, *map(unquote_plus, raw))))
    return Address(url, public, secrets)


def given_by_variable() -> Address | None:
    """Return the address in `VARIABLE`; None if it is not set.

    Raises:
        StoreError: the variable does not contain the URL of a store.
    """
    url = os.environ.get(VARIABLE)
    return address_of(url, where=VARIABLE) if url else None


def completed(address: Address) -> Address:
    """Return an address with the secrets that `VARIABLE` holds for the same place, if it has none itself.

    Secrets are therefore sent only to the server for which they were given.

    Raises:
        StoreError: the variable does not contain the URL of a store.
    """
    if address.secrets or address.file is not None:
        return address
    given = given_by_variable()
    return given if given is not None and given.is_same(address) else address


def _file_address(path: str, where: str) -> Address:
    name = path.removeprefix("/")
    if not path.startswith("/") or name in ("", ":memory:") or re.search(r"[?\0]|^file:", name):
        rule = "must name a file and nothing else: sqlite:///FILE"
        raise StoreError(Problem(where, rule, repr(f"sqlite://{path}")))
    file = Path(os.path.abspath(name))  # noqa: PTH100 - keeps symbolic links
    return Address(f"sqlite:///{file}", f"sqlite:///{file}", (), file)


def _place(public: str) -> str:
    """Return a public URL without the driver: ``postgresql+psycopg://db`` becomes ``postgresql://db``."""
    scheme, _, rest = public.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"
