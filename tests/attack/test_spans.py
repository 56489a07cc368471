"""What a collector of spans gets of requests, tasks and calls: names of the code, ids, codes, times. Nobody's words."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from businesses import spans
from frontdesk.spans import Exporter, read_headers
from testing import stand_in
from testing.otlp_collector import Collector, attributes, collecting
from testing.servers import StartDaphne, StartWorker
from tests.attack.test_error_reports import run

NAME, SLUG, PHONE, CALLER = "Rosenbaum Dental", "rosenbaum", "+97231230001", "+15005550001"
GREETING = "Shalom, this is Rosenbaum, who is calling?"
HELLO = Path(__file__).parent.parent / "audio" / "hello.wav"
KEYS = {
    "http.request.method", "http.route", "http.response.status_code", "frontdesk.request", "frontdesk.task",
    "frontdesk.task_id", "frontdesk.call", "frontdesk.business", "frontdesk.outcome", "frontdesk.end_reason",
    "frontdesk.interrupted", "frontdesk.cause",
}  # fmt: skip
"""Everything that may be said. Whoever adds to it says in decision 0083 why it tells nothing of people."""


def eventually(condition: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up_at, "it did not come"
        time.sleep(0.05)


def named(collector: Collector, name: str) -> list[Span]:
    return [span for span in collector.spans if span.name == name]


@pytest.mark.realtime
def test_a_call_its_requests_and_tasks(daphne: StartDaphne, celery_worker: StartWorker, tmp_path: Path) -> None:
    with stand_in.sandbox() as openai, collecting() as collector:
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20secret"}
        server = daphne(beside=None, TWILIO_AUTH_TOKEN="a-token", **openai, **told)
        if os.environ.get("REDIS_URL"):
            celery_worker(beside=server)
        server.manage(
            "create_business", SLUG, "--name", NAME, "--phone", PHONE, "--greeting", GREETING, "--language", "en"
        )
        recorded = ("--wav", str(HELLO), "--interrupt", "--json", "--out", str(tmp_path / "call.wav"))
        heard = json.loads(server.manage("call", SLUG, *recorded).splitlines()[-1])
        for path in (f"/b/{SLUG}/?q={CALLER}", f"/accounts/login/?next=/{SLUG}/", f"/{SLUG}-guessed/"):
            try:
                urlopen(Request(f"{server.url}{path}", headers={"Cookie": "sessionid=a-session"})).close()
            except HTTPError as error:
                error.close()
        eventually(lambda: named(collector, "call") and named(collector, "task businesses.tasks.heartbeat"))
        eventually(lambda: named(collector, "GET /b/<slug:slug>/"))
    (call,) = named(collector, "call")
    assert UUID(bytes=call.trace_id) == UUID(heard["call_id"])
    assert attributes(call)["frontdesk.outcome"] == "completed"
    parts = [span for span in collector.spans if span.parent_span_id == call.span_id]
    assert {span.trace_id for span in parts} == {call.trace_id}
    names = [span.name for span in parts]
    assert names.count("setup") == names.count("greeting") == 1
    assert {"answer", "caller", "wait for an answer", "interruption, until told to be silent"} <= set(names)
    setup, greeting = (next(span for span in parts if span.name == name) for name in ("setup", "greeting"))
    assert call.start_time_unix_nano == setup.start_time_unix_nano <= setup.end_time_unix_nano
    lasted_s = (greeting.end_time_unix_nano - greeting.start_time_unix_nano) / 1e9
    assert abs(lasted_s - (heard["greeting"]["end"] - heard["greeting"]["start"])) < 1.0
    (webhook,) = named(collector, "POST /calls/twilio/voice/")
    assert attributes(webhook)["http.response.status_code"] == 200
    assert webhook.kind == Span.SPAN_KIND_SERVER
    assert {key for span in collector.spans for key in attributes(span)} <= KEYS
    everything = collector.raw
    for secret in (NAME, "Rosenbaum", SLUG, PHONE[1:], CALLER[1:], "Shalom", "a-session", "guessed", "a secret"):
        assert secret not in everything, secret
    assert collector.headers["x-key"] == "a secret"
    assert "Traceback" not in server.log


def span(name: str = "a", *, has_failed: bool = False) -> spans.Span:
    began_ns = time.time_ns()
    return spans.Span(name=name, began_ns=began_ns, ended_ns=began_ns + 5, has_failed=has_failed, attributes={"n": -1})


def test_each_field_is_read_back() -> None:
    told = span("שלום", has_failed=True)
    with collecting() as collector:
        exporter = Exporter(collector.url + "/", headers={})
        exporter.take(told)
        exporter.end()
    (read,) = collector.spans
    assert (read.name, read.trace_id, read.span_id, read.parent_span_id) == ("שלום", told.trace_id, told.span_id, b"")
    assert (read.start_time_unix_nano, read.end_time_unix_nano) == (told.began_ns, told.ended_ns)
    assert (read.kind, read.status.code) == (Span.SPAN_KIND_INTERNAL, Status.STATUS_CODE_ERROR)
    assert attributes(read) == {"n": -1}
    (resource,) = [each.resource for request in collector.requests for each in request.resource_spans]
    assert {each.key for each in resource.attributes} == {"service.name", "service.version"}


def test_a_collector_that_is_away_costs_two_lines(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontdesk.spans.SEND_EVERY_S", 0.02)
    caplog.set_level(logging.WARNING, "frontdesk.spans")
    with collecting() as collector:
        exporter = Exporter(collector.url, headers={})
        collector.refuses = True
        for _ in range(3):
            exporter.take(span())
            eventually(exporter._waiting.empty)
            time.sleep(0.1)
        collector.refuses = False
        exporter.take(span("after"))
        eventually(lambda: named(collector, "after"))
        exporter.end()
    away, back = [record.getMessage() for record in caplog.records]
    assert away == "The collector of spans is away (HTTP 503): they are lost meanwhile"
    assert back.endswith("3 spans were lost")


def test_nobody_waits_for_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontdesk.spans.MOST_WAITING", 10)
    exporter = Exporter("http://127.0.0.1:9", headers={})
    monkeypatch.setattr(exporter, "_begin_to_send", lambda: None)
    for _ in range(25):
        exporter.take(span())
    assert (exporter._waiting.qsize(), exporter._lost) == (10, 15)


def test_headers_are_read_as_opentelemetry_has_them() -> None:
    assert read_headers("a=b, c = d%3D%2C ,broken") == {"a": "b", "c": "d=,"}


def test_nothing_is_made_or_imported_without_the_setting() -> None:
    script = (
        "import sys, django; django.setup(); import frontdesk.asgi; from businesses import spans;"
        "print(any(name in sys.modules for name in ('frontdesk.spans', 'frontdesk.otlp', 'frontdesk.request_spans')),"
        "spans.are_wanted())"
    )
    assert run(script).split()[-2:] == ["False", "False"]
