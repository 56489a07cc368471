"""Requests as bytes on a socket: those that were made up, and those that are broken as HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from testing.fuzz.requests import Request

PATIENCE_S = 30
"""A request that is unanswered by then hangs."""
SILENCE_S = 1
HOST = "Host: localhost\r\n"


def as_bytes(request: Request, cookie: str = "") -> bytes:
    """Returns a request of HTTP/1.1, after whose answer the connection is closed."""
    names = {name.lower() for name, _value in request.headers}
    more = [] if "host" in names else [("Host", "localhost")]
    if cookie and "cookie" not in names:
        more.append(("Cookie", cookie))
    if request.body:
        more.append(("Content-Length", str(len(request.body))))
    lines = [f"{request.method} {request.target} HTTP/1.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (*request.headers, *more)]
    return "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + request.body


def statuses(port: int, data: bytes, *, is_whole: bool = True) -> list[int]:
    """Send these bytes. Returns the status of each answer that came until the server closed the connection.

    `is_whole`: the server knows where the request ends. Otherwise no more is said to come, after a second's silence.
    Raises `TimeoutError` if it neither answers nor closes.
    """
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S if is_whole else SILENCE_S) as connection:
        try:
            connection.sendall(data)
            received = _rest(connection)
        except TimeoutError:
            if is_whole:
                raise
            connection.settimeout(PATIENCE_S)
            connection.shutdown(socket.SHUT_WR)
            received = _rest(connection)
    return [int(line[9:12]) for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


def _rest(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionError:
        pass  # a refusal may cut the rest off
    return received


def broken(path: str) -> Iterator[tuple[str, bytes]]:
    """Yields a name and bytes of requests to this path that are no proper HTTP."""
    form = "Content-Type: application/x-www-form-urlencoded\r\n"

    def post(headers: str, body: bytes = b"a=b") -> bytes:
        return f"POST {path} HTTP/1.1\r\n{HOST}Connection: close\r\n{form}{headers}\r\n".encode("latin-1") + body

    def get(headers: str = "", line: str = f"GET {path} HTTP/1.1") -> bytes:
        return f"{line}\r\n{HOST}Connection: close\r\n{headers}\r\n".encode("latin-1")

    for length in ("3000", "1", "-1", "x", "3, 3", "+3", "0x3", " ", "9" * 30, "3\r\nContent-Length: 4"):
        yield f"length {length[:8]!r}", post(f"Content-Length: {length}\r\n")
    for coding in ("chunked", "gzip", "chunked, chunked", "identity", "x"):
        yield f"coding {coding}", post(f"Transfer-Encoding: {coding}\r\n", b"3\r\na=b\r\n0\r\n\r\n")
    for chunks in (b"zz\r\n", b"-1\r\n", b"ffffffffffffffff\r\na", b"3\r\na=b", b"3;x=y\r\na=b\r\n0\r\nT: x\r\n\r\n"):
        yield f"chunks {chunks[:6]!r}", post("Transfer-Encoding: chunked\r\n", chunks)
    yield "both", post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")
    for line in (
        f"GET {path}", f"GET {path} HTTP/1.0", f"GET {path} HTTP/9.9", f"GET {path} x", "GET", "", " ", "\0",
        f"GET http://evil.example{path} HTTP/1.1", "OPTIONS * HTTP/1.1", "GET x HTTP/1.1", "GET ? HTTP/1.1",
        f"GET {path}\xff\xfe HTTP/1.1", f"GET {path}?\xff=\xfe HTTP/1.1", f"GET {path}#x HTTP/1.1",
        f"GET {path}?a b HTTP/1.1",
        f"GET {path}?{'&a' * 1200} HTTP/1.1",
        f"GET {path}?{'&a' * 1200} HTTP/1.1\r\nContent-Type: text/plain; charset=utf-8",
        f"GET //{path} HTTP/1.1", f"GET /..{path} HTTP/1.1", f"GET {path}%zz HTTP/1.1",
        f"GET {path}%00 HTTP/1.1", f"G\xffT {path} HTTP/1.1", f"GET {path}{'a' * 20_000} HTTP/1.1",
        "PRI * HTTP/2.0", f"CONNECT {path} HTTP/1.1", "CONNECT localhost:1 HTTP/1.1",
    ):  # fmt: skip
        yield f"line {line[:40]!r}", get(line=line)
    for headers in (
        "no colon\r\n", ": no name\r\n", "a b: c\r\n", "X: \0\r\n", "X: a\r\n b\r\n", " X: a\r\n", "X: \xff\r\n",
        f"X: {'a' * 70_000}\r\n", "X: a\r\n" * 800, "Host: other\r\n", "Expect: 100-continue\r\n", "Expect: x\r\n",
        "Connection: upgrade\r\nUpgrade: websocket\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n",
        'Cookie: sessionid="\\000\\000\\000\\000aaaaaaaaaa"\r\n',
        "Cookie: \xff=\xfe\r\n", "Cookie: a=b\r\nCookie: sessionid=\0\r\n", "Content-Type: \xff\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \xff\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: x\r\nSec-WebSocket-Key: x\r\n",
    ):  # fmt: skip
        yield f"headers {headers[:30]!r}", get(headers)
    yield "two at once", get().replace(b"Connection: close\r\n", b"") + get()
    yield "rubbish", bytes(range(256)) * 20
    yield "TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200
    yield "nothing", b""
