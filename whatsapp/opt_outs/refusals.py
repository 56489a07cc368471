"""What a text refuses: all messages, advertising, or nothing. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

from whatsapp.opt_outs.arabic import ARABIC
from whatsapp.opt_outs.english import ENGLISH
from whatsapp.opt_outs.french import FRENCH
from whatsapp.opt_outs.grammar import Whole
from whatsapp.opt_outs.hebrew import HEBREW
from whatsapp.opt_outs.others import GERMAN, ITALIAN, TURKISH
from whatsapp.opt_outs.portuguese import PORTUGUESE
from whatsapp.opt_outs.russian import RUSSIAN
from whatsapp.opt_outs.spanish import SPANISH
from whatsapp.opt_outs.spelling import normalize, simplify

LANGUAGES = (ENGLISH, HEBREW, ARABIC, SPANISH, PORTUGUESE, FRENCH, RUSSIAN, GERMAN, ITALIAN, TURKISH)
ALONE = frozenset(normalize(word) for language in LANGUAGES for word in language.alone.split("|"))
POLITE = frozenset(
    map(
        normalize, "please pls plz kindly בבקשה נא אנא رجاء لطفا porfavor porfa svp stp пожалуйста bitte lütfen".split()
    )
)
"""Words that may stand anywhere in a phrase."""
LONGEST = 160
"""Characters of a text that may refuse as a whole."""
LONGEST_WITH_MORE = 800
"""Characters of a text of which one sentence may refuse."""
_SENTENCE = re.compile(r"([^.!?…؟\n]+)([.!?…؟\n]|$)")
_QUESTION = ("?", "؟")


class Choice(StrEnum):
    """What a person decided. The values are those of `InboundAction`."""

    OPT_OUT = "opt_out"
    NO_PROMOS = "no_promos"
    OPT_IN = "opt_in"


def refusal_in(text: str, *, in_doubt: bool) -> Choice | None:
    """Returns what a text refuses; `in_doubt`: also what may mean something else ("not interested", "cancel")."""
    if len(text) > LONGEST_WITH_MORE:
        return None
    if len(text) <= LONGEST:
        if in_doubt and simplify(normalize(text)) in ALONE:
            return Choice.OPT_OUT
        if refused := _refused_by(_said(text), in_doubt=in_doubt):
            return refused
    return _refused_in_a_sentence(text)


def _said(text: str) -> str:
    return " ".join(word for word in simplify(normalize(text)).split() if word not in POLITE)


def _refused_by(said: str, *, in_doubt: bool) -> Choice | None:
    if _whole("marketing").matches(said):
        return Choice.NO_PROMOS
    refuses = _whole("everything", "marketing").matches(said) or (in_doubt and _whole("in_doubt").matches(said))
    return Choice.OPT_OUT if refuses else None


def _refused_in_a_sentence(text: str) -> Choice | None:
    """Returns what one sentence of several refuses. A question doesn't, and neither does a single word."""
    for sentence, end in _SENTENCE.findall(text):
        said = _said(sentence)
        if end not in _QUESTION and " " in said and (refused := _refused_by(said, in_doubt=False)):
            return refused
    return None


@cache
def _whole(*kinds: str) -> Whole:
    return Whole(LANGUAGES, *kinds)
