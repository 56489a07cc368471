"""What a message decides: no more messages, no more advertising, or messages again. Pure.

A refusal is a message, or a whole sentence of one, that says nothing else (`opt_outs`): "Please stop sending me
messages" is one, "Please don't stop by tomorrow" is not. What may also answer something ("not interested", "cancel")
refuses only where it doesn't answer a question or an appointment. Messages again is one word and nothing else.
A business may add words of its own: each is a whole message.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from whatsapp.opt_outs.refusals import Choice, refusal_in
from whatsapp.opt_outs.spelling import normalize, simplify

__all__ = ["Answering", "Choice", "choice_of", "is_one_of"]

_IN = (
    "start, unstop, subscribe, resume, opt in, optin",
    "הצטרף, הצטרפות, התחל, הירשם, חזרה",
    "ابدأ, ابدا, اشتراك",
    "старт, подписаться",
    "alta, comenzar, suscribir",
    "começar, comecar, voltar",
    "démarrer, demarrer, reprendre",
    "anmelden, starten",
    "inizia, iscrivi",
    "başla, basla, abone ol",
)
OPT_IN_WORDS = frozenset(normalize(word) for words in _IN for word in words.split(","))


class Answering(StrEnum):
    """What a message answers: the last that the person got from the business."""

    NOTHING = "nothing"
    MARKETING = "marketing"
    SERVICE = "service"  # a template about an order, an appointment or a code
    TALK = "talk"  # what a member wrote


_ASKS_NOTHING = (Answering.NOTHING, Answering.MARKETING)


def choice_of(
    text: str,
    *,
    more_out: Collection[str] = (),
    more_in: Collection[str] = (),
    answering: Answering = Answering.NOTHING,
) -> Choice | None:
    """Returns what a message (or a button's payload) decides; None for an ordinary message."""
    said = _same(text[:200])
    if not said:
        return None
    if is_one_of(text, more_out):
        return Choice.OPT_OUT
    if said in OPT_IN_WORDS or is_one_of(text, more_in):
        return Choice.OPT_IN
    return refusal_in(text, in_doubt=answering in _ASKS_NOTHING)


def is_one_of(text: str, words: Collection[str]) -> bool:
    """Returns whether a text is just one of these words."""
    said = _same(text[:200])
    return bool(said) and said in map(_same, words)


def _same(text: str) -> str:
    return simplify(normalize(text))
