"""Every route, taken from the router, against every kind of stranger."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from paribus.serve.app import MAX_IMAGE_BYTES, build_app
from paribus.serve.guard import is_own_host, new_token
from paribus.serve.pages import Library

pytestmark = pytest.mark.slow

PORT = 8000
OWN = f"http://127.0.0.1:{PORT}"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
STRANGE_HOSTS = (
    "10.evil.example:8000",
    "127.0.0.1.evil.example:8000",
    "evil.example",
    "localhost.evil.example:8000",
    "localhost.:8000",
    "[::ffff:127.0.0.1]:8000",
    "127.0.0.1:8001",
    "127.0.0.1",
    "0.0.0.0:8000",
    "192.168.0.7:8000",
    "127.1.evil:8000",
    "127.0.0.1:8000@evil.example",
    "",
)
OWN_HOSTS = ("127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000")


@pytest.fixture(scope="module")
def served(finished):
    token = new_token()
    library = Library(finished)
    return build_app(library, token=token, port=PORT, closing=lambda: True), token, library


def paths(app, library):
    """Return every route of the router, with a real study in it."""
    name = library.pages()[0].identifier
    return [route.path.replace("{study}", name) for route in app._app.routes]


def ask(app, method, path, **options):
    async def asking():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=OWN) as client:
            return await client.request(method, path, **options)

    return in_own_loop(asking)


def in_own_loop(asking):
    """Run a coroutine in a thread of its own: a browser of other tests may hold a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(asking())).result()


def redirected(app, raw_path, token):
    """Return where a request with a path that no client would send is led."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": raw_path.decode(),
        "raw_path": raw_path,
        "query_string": f"token={token}".encode(),
        "headers": [(b"host", b"127.0.0.1:8000")],
    }
    said = []

    async def asking():
        async def send(message):
            said.append(message)

        await app(scope, None, send)

    in_own_loop(asking)
    return dict(said[0]["headers"])[b"location"]


def test_hosts_are_judged_by_what_they_are():
    assert all(is_own_host(host, PORT) for host in OWN_HOSTS)
    assert not any(is_own_host(host, PORT) for host in STRANGE_HOSTS)


def test_no_route_answers_without_the_token(served):
    app, _, library = served
    stale = {"cookie": f"paribus-{PORT}={new_token()}"}
    wrong = {"authorization": "Bearer x"}
    for path in paths(app, library):
        for method in METHODS:
            for headers in ({}, stale, wrong):
                found = ask(app, method, path, headers={**headers, "origin": OWN})
                if path == "/health" and method in ("GET", "HEAD"):
                    assert found.status_code == 200
                else:
                    assert found.status_code == 401, (method, path, headers)


def test_no_route_answers_a_strange_host_or_another_page(served):
    app, token, library = served
    own = {"authorization": f"Bearer {token}"}
    for path in paths(app, library):
        for method in ("GET", "POST", "DELETE"):
            for host in STRANGE_HOSTS:
                found = ask(app, method, path, headers={**own, "host": host})
                assert found.status_code == 403, (method, path, host)
            for origin in ("http://evil.example", "null", "http://127.0.0.1:8001"):
                found = ask(app, method, path, headers={**own, "origin": origin})
                assert found.status_code == 403, (method, path, origin)


def test_changes_need_an_origin_as_well(served):
    app, token, library = served
    own = {"authorization": f"Bearer {token}"}
    name = library.pages()[0].identifier
    for action in ("stop", "resume", "classify"):
        assert ask(app, "POST", f"/studies/{name}/{action}", headers=own).status_code == 403
        assert ask(app, "GET", f"/studies/{name}/{action}", headers=own).status_code == 405


def test_the_token_moves_from_the_address_into_a_cookie_that_no_script_reads(served):
    app, token, _ = served
    found = ask(app, "GET", f"/?token={token}&x=1")
    assert (found.status_code, found.headers["location"]) == (303, "/?x=1")
    cookie = found.headers["set-cookie"]
    assert cookie == f"paribus-{PORT}={token}; HttpOnly; SameSite=Strict; Path=/"
    assert redirected(app, b"//evil.example/", token) == b"/evil.example/"
    page = ask(app, "GET", "/", headers={"cookie": f"paribus-{PORT}={token}"})
    assert page.status_code == 200
    assert token not in page.text


def test_what_every_answer_says(served):
    app, token, library = served
    name = library.pages()[0].identifier
    for path in ("/health", "/", f"/studies/{name}/", "/static/live.js", "/nothing"):
        found = ask(app, "GET", path, headers={"authorization": f"Bearer {token}"})
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["x-frame-options"] == "DENY"
        assert found.headers["referrer-policy"] == "no-referrer"
        assert found.headers["cache-control"] == "no-store"
        policy = found.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert policy.endswith("frame-ancestors 'none'")
        assert "unsafe" not in policy


TRAVERSALS = [
    template.replace("F", file)
    for file in ("etc/passwd", "small/study.yaml", "paribus.db", "study.yaml", ".lock")
    for template in (
        "../F",
        "..%2fF",
        "%2e%2e%2fF",
        "....//F",
        "..\\F",
        "..%5cF",
        "%252e%252e%252fF",
        "/F",
        "//F",
        "F%00",
        "file:///F",
        ".%2e/F",
    )
]


def test_no_parameter_reaches_a_file(served):
    app, token, library = served
    headers = {"authorization": f"Bearer {token}", "origin": OWN}
    assert len(TRAVERSALS) == 60
    for text in TRAVERSALS:
        assert ask(app, "GET", f"/studies/{text}/", headers=headers).status_code in (404, 307, 405)
        name = library.pages()[0].identifier
        found = ask(app, "POST", f"/studies/{name}/classify?variant={text}", headers=headers)
        assert found.status_code == 409, text
        assert "passwd:" not in found.text


def test_an_image_that_is_too_large_is_refused_before_it_is_read(served):
    app, token, library = served
    name = library.pages()[0].identifier
    headers = {"authorization": f"Bearer {token}", "origin": OWN}
    body = b"\0" * (MAX_IMAGE_BYTES + 1)
    found = ask(app, "POST", f"/studies/{name}/classify", headers=headers, content=body)
    assert found.status_code == 413
    assert "at most 20,000,000 bytes" in found.json()["error"]


def test_what_is_no_image_is_one_clear_error(served):
    app, token, library = served
    name = library.pages()[0].identifier
    headers = {"authorization": f"Bearer {token}", "origin": OWN}
    for body in (b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n"):
        found = ask(app, "POST", f"/studies/{name}/classify", headers=headers, content=body)
        assert found.status_code == 409
        assert found.json()["error"].startswith("the image: must be a readable image of one thing")
        assert "/tmp" not in found.text
