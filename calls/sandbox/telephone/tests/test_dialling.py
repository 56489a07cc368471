"""A number is dialled: its person hears what is whispered, and presses a key."""

from __future__ import annotations

import asyncio

import pytest

from calls.sandbox.telephone import twiml
from calls.sandbox.telephone.called_person import CalledPerson
from calls.sandbox.telephone.dialling import Dialling
from calls.sandbox.telephone.twiml import Verb

DIAL = "<Response><Dial><Number url='/whisper'>+12125559999</Number></Dial></Response>"
WHISPER = "<Response><Gather action='/key'><Say>Press 1.</Say></Gather><Hangup/></Response>"


@pytest.mark.asyncio
@pytest.mark.parametrize("key", ["1", "5"])
async def test_who_accepts_presses_the_key_that_was_chosen_and_the_server_decides(key: str) -> None:
    told: list[str | None] = []

    async def ask(url: str, fields: dict[str, str]) -> list[Verb]:
        told.append(fields.get("Digits"))
        if url == "/whisper":
            return twiml.verbs(WHISPER)
        return [] if fields["Digits"] == "1" else [Verb("Hangup")]

    person = CalledPerson(rings_s=0.0, talks_s=0.0, key=key)
    dialled, _told = await Dialling(person, ask, asyncio.Event()).dial(twiml.verbs(DIAL)[0])
    assert told == [None, key]
    assert dialled.heard == ["Press 1."]
    assert dialled.is_bridged is (key == "1")
