"""A browser's name for itself becomes words that a person recognises."""

from __future__ import annotations

import pytest

from businesses.signing_in.device import device_of

MOZILLA, KHTML = "Mozilla/5.0", "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64) {KHTML} Chrome/126.0.0.0 Safari/537.36 Edg/126.0", "Edge, Windows"),
        (f"{MOZILLA} (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox, Linux"),
        (f"{MOZILLA} (iPhone; CPU iPhone OS 17_5 like Mac OS X) {KHTML} Version/17.5 Safari/604.1", "Safari, iPhone"),
        (f"{MOZILLA} (Linux; Android 14; SM-S921B) {KHTML} Chrome/126.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.5.0", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_device(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device
