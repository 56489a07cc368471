"""Spans sent to an OpenTelemetry collector, where `OTEL_EXPORTER_OTLP_ENDPOINT` names one. Without it: not imported.

Who makes a span puts it into a queue and goes on; a thread sends what has come every two seconds. A collector that is
away costs the spans of that time, one line in the log when it begins, and one when it is over.
"""

from __future__ import annotations

import atexit
import http.client
import logging
import os
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from businesses import spans
from businesses.absence import Absence
from businesses.spans import Span, Value
from frontdesk import otlp, release

logger = logging.getLogger(__name__)

MOST_WAITING: Final = 4_096
"""Spans, of some 200 bytes each. More are lost."""
AT_ONCE: Final = 512
SEND_EVERY_S: Final = 2.0
TIMEOUT_S: Final = 5.0
LAST_WORDS_S: Final = 2.0
"""How long a process that ends waits until the last ones are sent."""


class Exporter:
    """Sends spans to one collector. Any thread may call `take`."""

    def __init__(self, endpoint: str, *, headers: Mapping[str, str]) -> None:
        self._url = f"{endpoint.rstrip('/')}/v1/traces"
        self._headers = {"Content-Type": "application/x-protobuf", **headers}
        self._resource: dict[str, Value] = {"service.name": "frontdesk", "service.version": release.version()}
        self.begin()

    def begin(self) -> None:
        """Begin anew, in a process that was forked: its parent's thread is not in it, and its lock may be held."""
        self._waiting: queue.Queue[Span] = queue.Queue(MOST_WAITING)
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ends = threading.Event()
        self._absence = Absence()
        self._lost = 0

    def take(self, span: Span) -> None:
        """Have a span sent; it is lost if too many wait."""
        if self._thread is None:
            self._begin_to_send()
        try:
            self._waiting.put_nowait(span)
        except queue.Full:
            self._lost += 1

    def end(self) -> None:
        """Send what waits, for a limited time."""
        self._ends.set()
        if self._thread is not None:
            self._thread.join(LAST_WORDS_S)

    def _begin_to_send(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._send_again_and_again, name="spans", daemon=True)
                self._thread.start()

    def _send_again_and_again(self) -> None:
        while not self._ends.wait(SEND_EVERY_S):
            self._send_what_waits()
        self._send_what_waits()

    def _send_what_waits(self) -> None:
        while batch := self._batch():
            self._send(batch)

    def _batch(self) -> list[Span]:
        batch: list[Span] = []
        while len(batch) < AT_ONCE:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _send(self, batch: list[Span]) -> None:
        body = otlp.request_of(batch, resource=self._resource)
        request = urllib.request.Request(self._url, body, self._headers)  # noqa: S310 - the operator's own address
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
                pass
        except urllib.error.HTTPError as error:
            self._failed(f"HTTP {error.code}", len(batch))
        except (OSError, http.client.HTTPException) as error:
            self._failed(type(error).__name__, len(batch))
        else:
            self._sent()

    def _failed(self, why: str, amount: int) -> None:
        self._lost += amount
        if self._absence.begins():
            logger.warning("The collector of spans is away (%s): they are lost meanwhile", why)

    def _sent(self) -> None:
        if (away_s := self._absence.ends()) is not None:
            logger.warning("The collector of spans is back after %.1f s: %d spans were lost", away_s, self._lost)
            self._lost = 0


def install(endpoint: str, *, headers: str) -> Exporter:
    """Send every span from now on. `headers`: `name=value,…`, percent-encoded, as OpenTelemetry has it."""
    exporter = Exporter(endpoint, headers=read_headers(headers))
    os.register_at_fork(after_in_child=exporter.begin)
    atexit.register(exporter.end)
    spans.collect(exporter.take)
    return exporter


def read_headers(text: str) -> dict[str, str]:
    """Returns the headers of `name=value,…`."""
    pairs = [pair.partition("=") for pair in text.split(",") if "=" in pair]
    return {name.strip(): unquote(value.strip()) for name, _equals, value in pairs}
