"""A TCP proxy between browser and server whose connections can be cut."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Wire:
    """Forwards connections to a port of this machine. `cut` breaks the open ones; new ones still work.

    Between `stop` and `start` new ones are broken, too, as if the server were gone.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._ends: list[socket.socket] = []
        self._is_stopped = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break all connections."""
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """Break all connections, and each that is made."""
        self._is_stopped = True
        self.cut()

    def start(self) -> None:
        """Forward connections again."""
        self._is_stopped = False

    def close(self) -> None:
        """Stop listening, and break the open connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                if self._is_stopped:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._port))
                self._ends += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError), source, target:
        while piece := source.recv(65_536):
            target.sendall(piece)
