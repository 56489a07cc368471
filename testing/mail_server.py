"""A mail server that speaks as much SMTP as it takes to be let in, with STARTTLS; it takes no mail."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from testing.certificates import Certificate


class _Talk(socketserver.StreamRequestHandler):
    """One connection."""

    login = ""
    tls: ssl.SSLContext

    def handle(self) -> None:
        self._say("220 mail.example ESMTP")
        while line := self.rfile.readline():
            word, _space, rest = line.decode().strip().partition(" ")
            match word.upper():
                case "EHLO":
                    secure = isinstance(self.request, ssl.SSLSocket)
                    self._say("250-mail.example\r\n250 " + ("AUTH PLAIN" if secure else "STARTTLS"))
                case "STARTTLS":
                    self._say("220 Go ahead")
                    self.request = self.tls.wrap_socket(self.request, server_side=True)
                    self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)
                case "AUTH":
                    given = base64.b64decode(rest.split()[-1]).decode().replace("\0", ":").strip(":")
                    self._say("235 Welcome" if given == self.login else "535 5.7.8 Authentication failed for " + given)
                case "QUIT":
                    self._say("221 Bye")
                    return
                case _:
                    self._say("502 Not here")

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


@contextmanager
def mail_server(made: Certificate, *, login: str) -> Iterator[int]:
    """Serve at `localhost` for the duration of the block. `login`: USER:PASSWORD. Yields the port."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.chain, made.key)
    talk = type("Talk", (_Talk,), {"login": login, "tls": tls})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), talk) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()
