"""`<Dial>` as Twilio does it: a number rings, its person may hear a few words first, and the two are put together.

(twilio.com/docs/voice/twiml/dial and /number: the noun's `url` runs on the called person's leg after they answer. An
empty document puts the two together; `<Hangup>` there ends that leg only. `action` is then asked what comes next.)
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from calls.sandbox.telephone.called_person import CalledPerson, Dialled, Does
from calls.sandbox.telephone.twiml import Verb

Ask = Callable[[str, dict[str, str]], Awaitable[list[Verb]]]
"""Posts a webhook of the called person's leg and returns the verbs of its answer."""

_LISTENS_S = 0.5  # before a key is pressed
_NO_RING = {Does.BUSY: "busy", Does.FAILS: "failed"}


class Dialling:
    """One `<Dial>`. `hung_up`: the caller is gone."""

    def __init__(self, person: CalledPerson, ask: Ask, hung_up: asyncio.Event) -> None:
        self._person = person
        self._ask = ask
        self._hung_up = hung_up
        self._child = f"CA{secrets.token_hex(16)}"
        self._answered_at: float | None = None

    async def dial(self, verb: Verb) -> tuple[Dialled, dict[str, str]]:
        """Returns what happened, and what `action` is told."""
        number = next((noun for noun in verb.nouns if noun.name == "Number"), None)
        dialled = Dialled(number.text if number else verb.text, verb.attributes)
        dialled.status = await self._rings(dialled, number)
        loop = asyncio.get_running_loop()
        dialled.ended_at = loop.time()
        told = {
            "DialCallStatus": dialled.status,
            "DialCallSid": self._child,
            "DialBridged": str(dialled.is_bridged).lower(),
        }
        if self._answered_at is not None:
            told["DialCallDuration"] = str(round(loop.time() - self._answered_at))
        return dialled, told

    async def _rings(self, dialled: Dialled, number: Verb | None) -> str:
        person = self._person
        if person.does in _NO_RING:
            return _NO_RING[person.does]
        await self._passes(person.rings_s)
        if self._hung_up.is_set():
            return "canceled"
        if person.does is Does.NO_ANSWER:
            return "no-answer"
        self._answered_at = asyncio.get_running_loop().time()
        whisper = number.attributes.get("url") if number else None
        dialled.is_bridged = await self._takes_it(dialled, whisper) if whisper else person.does is not Does.HANGS_UP
        if dialled.is_bridged:
            await self._passes(person.talks_s)
        return "completed"

    async def _takes_it(self, dialled: Dialled, whisper: str) -> bool:
        """Listens to what is said on the called person's leg. Returns whether the two are put together."""
        verbs = await self._ask(whisper, {"CallSid": self._child, "CallStatus": "in-progress"})
        while verbs:
            verb, *verbs = verbs
            if verb.name == "Say":
                dialled.heard.append(verb.text)
            if verb.name in ("Hangup", "Reject"):
                return False
            if verb.name != "Gather":
                continue
            dialled.heard += [noun.text for noun in verb.nouns if noun.name == "Say"]
            await self._passes(_LISTENS_S)
            if self._person.does is Does.HANGS_UP or self._hung_up.is_set():
                return False
            if digit := {Does.ACCEPTS: self._person.key, Does.REFUSES: "2"}.get(self._person.does):
                told = {"CallSid": self._child, "CallStatus": "in-progress", "Digits": digit}
                verbs = await self._ask(verb.attributes["action"], told)
        return not self._hung_up.is_set()

    async def _passes(self, seconds: float) -> None:
        """Let time pass, until the caller hangs up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hung_up.wait()


def in_turn(people: Sequence[CalledPerson], dialled: int) -> CalledPerson:
    """Returns who answers the next number after so many; the last one answers all that follow."""
    return people[min(dialled, len(people) - 1)] if people else CalledPerson()
