"""A TCP proxy whose connections can be cut, lost or held: a network that fails."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Wire:
    """Forwards connections to a port of this machine. `cut` breaks the open ones at both ends; new ones still work.

    `lose` breaks them for the near side only, as a network does that is suddenly gone.

    Between `hold` and `release` everything stays open and nothing comes through: a black hole.

    Between `stop` and `start` new ones are broken, too, as if the server were gone.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lost: list[socket.socket] = []
        self._is_stopped = False
        self._passes = threading.Event()
        self._passes.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break all connections."""
        pairs, self._pairs = self._pairs, []
        for _near, far in pairs:  # first: a socket that is closed while it is read from can't be shut down any more
            _shut(far)
        for near, _far in pairs:
            _shut(near)

    def lose(self) -> None:
        """Break all connections without telling the server, until `close`."""
        pairs, self._pairs = self._pairs, []
        for near, far in pairs:
            self._lost.append(far.dup())
            _shut(near)

    def hold(self) -> None:
        """Let nothing through, in either direction."""
        self._passes.clear()

    def release(self) -> None:
        """Let everything through, also what was held."""
        self._passes.set()

    def stop(self) -> None:
        """Break all connections, and each that is made."""
        self._is_stopped = True
        self.cut()

    def start(self) -> None:
        """Forward connections again."""
        self._is_stopped = False

    def close(self) -> None:
        """Stop listening, and break the open connections."""
        self.release()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for end in self._lost:
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                if self._is_stopped:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._port))
                self._pairs.append((near, far))
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError), source, target:
            while piece := source.recv(65_536):
                self._passes.wait()
                target.sendall(piece)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
