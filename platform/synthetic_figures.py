"""What `/metrics` shows of the installation's last call to itself. Without such calls the figures are absent."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from calls.models import SyntheticCall


def families(last: SyntheticCall | None) -> Iterable[Metric]:
    """Returns the families, with what is known."""
    shown: tuple[tuple[str, str, Callable[[SyntheticCall], float | None]], ...] = (
        ("call_ok", "1 if all was well in the last synthetic call", lambda call: float(not call.fault)),
        ("call_age_seconds", "Since the last synthetic call", _age_s),
        ("greeting_whole", "1 if its greeting was heard whole", lambda call: _number(call.greeting_whole, 1)),
        ("first_sound_seconds", "From its begin to the first sound", lambda call: _number(call.first_sound_ms, 1000)),
        ("answer_seconds", "From the caller's last voice to the answer", lambda call: _number(call.answer_ms, 1000)),
        ("interruption_seconds", "From an interruption to silence", lambda call: _number(call.interruption_ms, 1000)),
    )
    for name, meaning, of in shown:
        family = GaugeMetricFamily(f"frontdesk_synthetic_{name}", meaning)
        value = of(last) if last else None
        if value is not None:
            family.add_metric([], value)
        yield family


def _age_s(last: SyntheticCall) -> float | None:
    return (timezone.now() - last.ended_at).total_seconds() if last.ended_at else None


def _number(measured: int | bool | None, of: int) -> float | None:
    return None if measured is None else measured / of
