"""Access control of the server: a middleware that checks every request before it reaches a route.

It checks, in this order:

- ``Host`` must be a loopback address. Another web site can let its own name resolve to 127.0.0.1
  (DNS rebinding); therefore the host is parsed as an address and not compared as text.
- ``Origin``, if present, must be the server itself; requests that change state must have it.
- The request must contain the token that was printed when the server was started, because other
  users of the same machine can reach its ports, too.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

__all__ = ["Guard", "is_own_host", "new_token"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = "/health"
"""The only path that needs no token; it answers ``ok`` if the server runs."""
READING = ("GET", "HEAD")
"""Methods that do not change state."""
_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[0-9A-Za-z.]+)):(?P<port>[0-9]{1,5})")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
PLAIN_POLICY = b"default-src 'none'; frame-ancestors 'none'"


def new_token() -> str:
    """Return a random token with 192 bits."""
    return secrets.token_urlsafe(24)


def is_own_host(value: str, port: int) -> bool:
    """Return whether a ``Host`` header is a loopback address (or ``localhost``) with our port.

    Example:
        >>> is_own_host("127.0.0.1:8000", 8000), is_own_host("localhost:8000", 8000)
        (True, True)
        >>> is_own_host("127.0.0.1.evil.example:8000", 8000), is_own_host("127.0.0.1:1", 8000)
        (False, False)
    """
    match = _HOST.fullmatch(value)
    if match is None or int(match["port"]) != port:
        return False
    if match["name"] and match["name"].lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(match["v6"] or match["name"])
    except ValueError:
        return False
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    return address.is_loopback and not mapped


class Guard:
    """ASGI middleware that refuses requests of other hosts, other pages, and without the token."""

    def __init__(self, app: App, *, token: str, port: int) -> None:
        """Wrap an application.

        Args:
            app: the application.
            token: secret that a request must contain, as a cookie, as a bearer token, or in the URL.
            port: port on which the server listens.
        """
        self._app, self._token, self._port = app, token, port
        self._cookie = f"paribus-{port}"  # browsers share cookies between ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the application, or answer it with a refusal."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refused = self._refusal(scope)
        if refused is not None:
            await _answer(send, *refused)
        elif self._from_address(scope) and scope["method"] in READING:
            await self._admit(scope, send)
        else:
            await self._app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return status and text of a refusal; None if the request may pass."""
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        if len(hosts) != 1 or not is_own_host(hosts[0], self._port):
            return 403, "This server answers only to this machine's own address."
        own = f"http://{hosts[0]}"
        if any(origin != own for origin in origins):
            return 403, "This server answers only to its own pages."
        if scope["path"] == OPEN and scope["method"] in READING:
            return None
        if not self._holds_token(scope):
            return (
                401,
                "Open the address that was printed where paribus was started; it has a token.",
            )
        if scope["method"] not in READING and len(origins) != 1:
            return 403, "This server is changed only from its own pages."
        return None

    def _holds_token(self, scope: Scope) -> bool:
        given = [value for name, value in _query(scope) if name == "token"]
        given += [
            value.removeprefix("Bearer ")
            for value in _values(scope, b"authorization")
            if value.startswith("Bearer ")
        ]
        for header in _values(scope, b"cookie"):
            try:
                cookies = SimpleCookie(header)
            except CookieError:
                continue
            given += [item.value for name, item in cookies.items() if name == self._cookie]
        return any(secrets.compare_digest(value.encode(), self._token.encode()) for value in given)

    def _from_address(self, scope: Scope) -> bool:
        return any(name == "token" for name, _ in _query(scope))

    async def _admit(self, scope: Scope, send: Send) -> None:
        """Redirect to the URL without the token, which is set as an HttpOnly cookie instead."""
        rest = [(name, value) for name, value in _query(scope) if name != "token"]
        # A path that begins with "//host" would redirect to another host.
        path = "/" + scope["raw_path"].decode("latin-1").lstrip("/")
        target = path + (f"?{urlencode(rest)}" if rest else "")
        cookie = f"{self._cookie}={self._token}; HttpOnly; SameSite=Strict; Path=/"
        extra = [(b"location", target.encode()), (b"set-cookie", cookie.encode())]
        await _answer(send, 303, "", extra)


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


async def _answer(
    send: Send, status: int, text: str, extra: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *(extra or [])]
    sending = _with_headers(send)
    await sending({"type": "http.response.start", "status": status, "headers": headers})
    await sending({"type": "http.response.body", "body": text.encode()})


def _with_headers(send: Send) -> Send:
    """Add the security headers to every response; pages set their own content security policy."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            names = {name.lower() for name, _ in headers}
            headers += [item for item in HEADERS if item[0] not in names]
            if b"content-security-policy" not in names:
                headers.append((b"content-security-policy", PLAIN_POLICY))
            message["headers"] = headers
        await send(message)

    return sending
