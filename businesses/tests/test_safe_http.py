"""No address that a business enters leads into the network that we run in: tried against a real server in it.

The ways are those that people report of webhooks and link previews elsewhere.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from businesses import safe_http
from businesses.public_networks import is_public
from businesses.safe_http import NoAnswer, Problem
from testing.certificates import certificate
from testing.thread_server import in_a_thread

pytestmark = pytest.mark.once

INSIDE = (
    "127.0.0.1 127.8.8.8 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 0.0.0.0 0.1.2.3 100.64.0.1 "
    "100.100.100.200 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 "
    "255.255.255.255 168.63.129.16 192.88.99.1 :: ::1 fe80::1 fe80::1%eth0 fec0::1 fd00:ec2::254 fc00::1 ff02::1 "
    "::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:a9fe:a9fe ::ffff:100.64.0.1 ::127.0.0.1 ::7f00:1 64:ff9b::7f00:1 "
    "64:ff9b::a9fe:a9fe 64:ff9b:1::a9fe:a9fe 2002:7f00:1:: 2002:a9fe:a9fe:: 2002:808:808:: "
    "2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1 100::1 3fff::1 5f00::1 localhost nonsense"
).split()
OUTSIDE = "8.8.8.8 1.1.1.1 172.32.0.1 192.167.0.1 100.63.255.255 100.128.0.1 2606:4700:4700::1111 ::ffff:8.8.8.8 " + (
    "64:ff9b::808:808 2a00:1450:4001::1"
)
LITERALS = (
    "127.0.0.1 127.1 0 0x7f.1 0x7f000001 2130706433 0177.0.0.1 017700000001 [::1] [::] [::ffff:127.0.0.1] "
    "[::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:1] [64:ff9b::7f00:1] [2002:7f00:1::] 169.254.169.254 10.0.0.1 127.0.0.1."
).split()


@dataclass
class Inside:
    """A server of the network inside, and the requests that have reached it."""

    url: str = ""
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port
        return port

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append((request.method, request.path_qs, headers, await request.read()))
        match request.path.split("/"):
            case ["", "to", *_]:
                raise web.HTTPFound(request.query["url"])
            case ["", "round"]:
                raise web.HTTPFound("/round")
            case ["", "large"]:
                return web.Response(body=b"x" * 50_000)
            case ["", "slow"]:
                stream = web.StreamResponse()
                await stream.prepare(request)
                for _piece in range(100):
                    await stream.write(b".")
                    await asyncio.sleep(0.05)
                return stream
            case ["", "zipped"]:
                return web.Response(body=b"not unpacked", headers={"Content-Encoding": "gzip"})
        return web.Response(text="secret")


@pytest.fixture
def inside(settings: Any) -> Iterator[Inside]:
    settings.DEBUG = True
    server = Inside()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    with in_a_thread(app) as url:
        server.url = url
        yield server


@pytest.fixture
def named(inside: Inside, settings: Any) -> Inside:
    """The same, and the operator allows it under its name."""
    settings.PRIVATE_HOSTS = ["localhost"]
    inside.url = f"http://localhost:{inside.port}"
    return inside


def ask(url: str, **given: Any) -> safe_http.Answer:
    return safe_http.get(url, **{"timeout_s": 5, "most": 10_000} | given)


def problem_of(url: str, **given: Any) -> Problem:
    with pytest.raises(NoAnswer) as refused:
        ask(url, **given)
    return refused.value.problem


def lead(monkeypatch: pytest.MonkeyPatch, **names: list[str]) -> list[str]:
    """Let names lead to these addresses. Returns the list of look-ups, which grows."""
    asked: list[str] = []
    really = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        name = str(host)
        if name.endswith(".test"):
            asked.append(name)
            return [found for each in names[name.removesuffix(".test")] for found in really(each, port, *rest, **more)]
        return really(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_the_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE.split())
def test_an_address_of_the_outside_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", LITERALS)
def test_no_way_of_writing_an_address_leads_inside(host: str, inside: Inside) -> None:
    assert problem_of(f"http://{host}:{inside.port}/") in {Problem.PRIVATE, Problem.BAD_ADDRESS, Problem.UNKNOWN_NAME}
    assert inside.seen == []


@pytest.mark.parametrize("host", LITERALS[:-1])
def test_whoever_enters_such_an_address_is_told(host: str, inside: Inside) -> None:
    assert safe_http.refusal(f"http://{host}:{inside.port}/") is Problem.PRIVATE


def test_a_name_that_leads_inside_is_not_followed(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    lead(monkeypatch, inner=["127.0.0.1"], mapped=["::ffff:127.0.0.1"], both=["127.0.0.1", "::1"])
    for name in ("inner", "mapped", "both"):
        assert problem_of(f"http://{name}.test:{inside.port}/") is Problem.PRIVATE
    assert problem_of(f"http://localhost:{inside.port}/") is Problem.PRIVATE
    assert inside.seen == []


def test_a_name_is_looked_up_once_for_a_request(named: Inside, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked is what is connected to: there is no second look-up that could give another answer."""
    settings.PRIVATE_HOSTS = ["rebinding.test"]
    asked = lead(monkeypatch, rebinding=["127.0.0.1"])
    assert ask(f"http://rebinding.test:{named.port}/").body == b"secret"
    assert asked == ["rebinding.test"]
    assert named.seen[0][2]["host"] == f"rebinding.test:{named.port}"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1/", "http:///x", "//example.com/", "example.com",
        "http://user:pw@example.com/", "http://example.com@127.0.0.1/", "http://example.com:0/", "http://exa mple.com/",
        "http://example.com:99999/", "http://[::1/", "http://example.com/\r\nX: y", "http://" + "a" * 3000, "",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str, inside: Inside) -> None:
    assert safe_http.refusal(url) is Problem.BAD_ADDRESS
    assert problem_of(url) is Problem.BAD_ADDRESS


def test_an_installation_speaks_https_only(settings: Any) -> None:
    settings.DEBUG = False
    assert safe_http.refusal("http://example.com/") is Problem.NOT_HTTPS
    assert safe_http.refusal("https://example.com/") is None


def test_what_the_operator_names_may_be_reached(named: Inside, settings: Any) -> None:
    assert ask(f"{named.url}/a?b=c").body == b"secret"
    assert named.seen[0][1] == "/a?b=c"
    assert problem_of(f"http://127.0.0.1:{named.port}/") is Problem.PRIVATE
    settings.PRIVATE_HOSTS = ["127.0.0.0/30"]
    assert ask(f"http://127.0.0.1:{named.port}/").status == 200
    assert problem_of(f"http://127.0.0.9:{named.port}/") is Problem.PRIVATE


def test_a_redirect_inside_is_not_followed(named: Inside) -> None:
    for target in ("http://127.0.0.1:{}/x", "http://[::ffff:127.0.0.1]:{}/x", "http://0x7f.1:{}/x"):
        assert problem_of(f"{named.url}/to?url={target.format(named.port)}") is Problem.PRIVATE
    assert problem_of(f"{named.url}/to?url=file:///etc/passwd") is Problem.BAD_ADDRESS
    assert {path for _method, path, _headers, _body in named.seen if path.startswith("/x")} == set()


def test_a_reader_follows_a_few_redirects(named: Inside) -> None:
    assert ask(f"{named.url}/to?url=/here").url == f"{named.url}/here"
    named.seen.clear()
    assert problem_of(f"{named.url}/round") is Problem.REDIRECTED_TOO_OFTEN
    assert len(named.seen) == safe_http.MOST_REDIRECTS + 1


def test_a_post_follows_none(named: Inside) -> None:
    answer = safe_http.post(f"{named.url}/to?url=/x", b"{}", {"X-A": "b"}, timeout_s=5, most=100)
    assert answer.status == 302
    [(method, _path, headers, body)] = named.seen
    assert (method, headers["x-a"], body) == ("POST", "b", b"{}")


def test_size_and_time_are_limited(named: Inside) -> None:
    assert problem_of(f"{named.url}/large") is Problem.TOO_LARGE
    assert len(safe_http.post(f"{named.url}/large", b"", {}, timeout_s=5, most=100).body) == 100
    assert problem_of(f"{named.url}/slow", timeout_s=0.3) is Problem.TOO_SLOW
    assert ask(f"{named.url}/zipped").body == b"not unpacked"


def test_proxies_of_the_environment_are_not_used(named: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert ask(named.url).status == 200


def test_nobody_there_and_unknown_names_are_told_apart(named: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert problem_of(f"http://localhost:{taken.getsockname()[1]}/") is Problem.UNREACHABLE

    def unknown(*_asked: Any, **_more: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert problem_of("http://nobody.test/") is Problem.UNKNOWN_NAME


def test_a_certificate_that_nobody_vouches_for_is_refused(settings: Any, tmp_path: Path) -> None:
    settings.PRIVATE_HOSTS = ["localhost"]
    made = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.chain, made.key)
    app = web.Application()
    with in_a_thread(app, tls=context) as url:
        assert problem_of(url.replace("http://127.0.0.1", "https://localhost")) is Problem.BAD_CERTIFICATE
