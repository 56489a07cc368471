"""What a conversation costs: each kind of token at its own price, cached ones at theirs, and nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from calls.records.costs import PRICES, cost_of

pytestmark = pytest.mark.pure

USAGE = {
    "input_tokens": 100,
    "input_text_tokens": 60,
    "input_audio_tokens": 40,
    "input_cached_tokens": 30,
    "input_cached_text_tokens": 20,
    "input_cached_audio_tokens": 10,
    "output_text_tokens": 5,
    "output_audio_tokens": 7,
}


def test_each_kind_of_token_has_its_price() -> None:
    dollars = Decimal("40") * Decimal("0.60") + 30 * 10 + 20 * Decimal("0.06") + 10 * Decimal("0.30")
    dollars += 5 * Decimal("2.40") + 7 * 20
    assert cost_of("gpt-realtime-2.1-mini", USAGE) == dollars / 1_000_000


@pytest.mark.parametrize("model", PRICES)
def test_what_is_cached_is_cheaper(model: str) -> None:
    fresh = {**USAGE, "input_cached_tokens": 0, "input_cached_text_tokens": 0, "input_cached_audio_tokens": 0}
    cached, whole = cost_of(model, USAGE), cost_of(model, fresh)
    assert cached is not None
    assert whole is not None
    assert 0 < cached < whole


@pytest.mark.parametrize(
    "missing", ["input_text_tokens", "input_audio_tokens", "output_text_tokens", "output_audio_tokens"]
)
def test_without_its_parts_nothing_is_known(missing: str) -> None:
    assert cost_of("gpt-realtime-2.1", {name: value for name, value in USAGE.items() if name != missing}) is None
