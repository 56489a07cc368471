"""What a message decides: no more messages, no more advertising, or messages again. Pure.

A refusal is a message, or a whole sentence of one, that says nothing else (`phrases`): "Please stop sending me
messages" is one, "Please don't stop by tomorrow" is not. Messages again is one word and nothing else. What may also
answer something ("not interested", "cancel") refuses only where it doesn't answer a question or an appointment.
A business may add words of its own: each is a whole message.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from functools import cache

from whatsapp.webhooks.phrases.arabic import ARABIC
from whatsapp.webhooks.phrases.english import ENGLISH
from whatsapp.webhooks.phrases.french import FRENCH
from whatsapp.webhooks.phrases.grammar import Whole
from whatsapp.webhooks.phrases.hebrew import HEBREW
from whatsapp.webhooks.phrases.others import GERMAN, ITALIAN, TURKISH
from whatsapp.webhooks.phrases.portuguese import PORTUGUESE
from whatsapp.webhooks.phrases.russian import RUSSIAN
from whatsapp.webhooks.phrases.spanish import SPANISH
from whatsapp.webhooks.spelling import normalize, simplify

LANGUAGES = (ENGLISH, HEBREW, ARABIC, SPANISH, PORTUGUESE, FRENCH, RUSSIAN, GERMAN, ITALIAN, TURKISH)
LONGEST = 160
"""Characters of a whole message that may be a refusal."""
LONGEST_WITH_MORE = 800
"""Characters of a message of which one sentence may be a refusal."""
_SENTENCE = re.compile(r"([^.!?…؟\n]+)([.!?…؟\n]|$)")
_QUESTION = "?؟"
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
ALONE = frozenset(normalize(word) for language in LANGUAGES for word in language.alone.split("|"))


class Choice(StrEnum):
    """What a person decided. The values are those of `InboundAction`."""

    OPT_OUT = "opt_out"
    NO_PROMOS = "no_promos"
    OPT_IN = "opt_in"


class Answering(StrEnum):
    """What a message answers: the last that the person got from the business."""

    NOTHING = "nothing"
    MARKETING = "marketing"
    SERVICE = "service"  # a template about an order, an appointment or a code
    TALK = "talk"  # what a member wrote


def choice_of(
    text: str,
    *,
    more_out: Collection[str] = (),
    more_in: Collection[str] = (),
    answering: Answering = Answering.NOTHING,
) -> Choice | None:
    """Returns what a message (or a button's payload) decides; None for an ordinary message."""
    said = simplify(normalize(text[: LONGEST_WITH_MORE + 1]))
    if not said or len(text) > LONGEST_WITH_MORE:
        return None
    if said in {simplify(normalize(word)) for word in more_out}:
        return Choice.OPT_OUT
    if said in OPT_IN_WORDS or said in {simplify(normalize(word)) for word in more_in}:
        return Choice.OPT_IN
    if len(text) <= LONGEST and (refused := refusal_of(said, in_doubt=answering in _ASKS_NOTHING)):
        return refused
    return _refusal_in_a_sentence(text)


def refusal_of(said: str, *, in_doubt: bool) -> Choice | None:
    """Returns what normalized words refuse as a whole; `in_doubt`: also words that may mean something else."""
    if _whole("marketing").matches(said):
        return Choice.NO_PROMOS
    kinds = ("everything", "marketing", "in_doubt") if in_doubt else ("everything", "marketing")
    if _whole(*kinds).matches(said) or (in_doubt and said in ALONE):
        return Choice.OPT_OUT
    return None


def _refusal_in_a_sentence(text: str) -> Choice | None:
    """Returns what one sentence of several refuses. A question doesn't, and neither does a single word."""
    for sentence, end in _SENTENCE.findall(text):
        said = simplify(normalize(sentence))
        if end not in _QUESTION and " " in said and (refused := refusal_of(said, in_doubt=False)):
            return refused
    return None


_ASKS_NOTHING = (Answering.NOTHING, Answering.MARKETING)


@cache
def _whole(*kinds: str) -> Whole:
    return Whole(LANGUAGES, *kinds)
