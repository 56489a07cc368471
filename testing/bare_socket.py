"""A WebSocket client that sends exactly the bytes it is told to, also such as no library would send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from typing import Any

TEXT, CONTINUATION, PING = 1, 0, 9
PATIENCE_S = 30


def frame(payload: bytes, opcode: int = TEXT, *, last: bool = True) -> bytes:
    """Returns one frame of a client. Its mask is of zeros, so the payload goes as it is."""
    size = len(payload)
    if size < 126:
        head = bytes([0x80 | size])
    elif size < 65_536:
        head = bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return bytes([(0x80 if last else 0) | opcode]) + head + bytes(4) + payload


def message(**fields: Any) -> bytes:
    """Returns a JSON object as one frame."""
    return frame(json.dumps(fields).encode())


class BareSocket:
    """One connection. `status` is the answer to its handshake, 101 if it was accepted."""

    def __init__(self, port: int, path: str = "/calls/twilio/media/", *, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(("127.0.0.1", port))
        key = "AAAAAAAAAAAAAAAAAAAAAA=="
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head and (byte := self.socket.recv(1)):
            head += byte
        self.status = int(head.split(b" ", 2)[1]) if head else 0
        self.sent = 0

    def send(self, pieces: Iterable[bytes], *, timeout_s: float = 3) -> None:
        """Send until the pieces end or the other end takes no more."""
        self.socket.settimeout(timeout_s)
        try:
            for piece in pieces:
                self.socket.sendall(piece)
                self.sent += len(piece)
        except (TimeoutError, ConnectionError):
            pass

    def close_code(self, *, timeout_s: float = PATIENCE_S) -> int:
        """Wait for the end. Returns the code of the close frame; 0 if the connection just ended."""
        self.socket.settimeout(timeout_s)
        data = b""
        try:
            while more := self.socket.recv(65_536):
                data += more
                if (code := _close_code(data)) is not None:
                    return code
        except ConnectionError:
            pass
        return 0

    def close(self) -> None:
        """Cut the connection."""
        self.socket.close()

    def __enter__(self) -> BareSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _close_code(data: bytes) -> int | None:
    """Returns the code of the close frame among a server's frames; None as long as there is none."""
    while len(data) >= 2:
        opcode, size, start = data[0] & 0x0F, data[1] & 0x7F, 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + size:
            return None
        if opcode == 8:
            return int.from_bytes(data[start : start + 2], "big")
        data = data[start + size :]
    return None
