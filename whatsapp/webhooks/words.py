"""One-word messages that mean "no more" or "again". Pure.

These are the words that people and carriers use in ten languages; a business may add its own. Only a message that
consists of nothing but the word counts: "stop by tomorrow?" is not an opt-out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from enum import StrEnum


class Choice(StrEnum):
    """What a person decided."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


_OUT = (
    "stop, stop all, stopall, unsubscribe, cancel, end, quit, opt out, optout, remove, remove me",  # English
    "הסר, הסירו, הסר אותי, תסירו אותי, הסירו אותי, הסרה, להסרה, עצור, די",  # Hebrew
    "توقف, إيقاف, ايقاف, إلغاء, الغاء, إلغاء الاشتراك, الغاء الاشتراك",  # Arabic
    "стоп, отписаться, отписка, отмена",  # Russian
    "alto, parar, baja, cancelar, darse de baja",  # Spanish
    "pare, parar, sair, descadastrar, remover",  # Portuguese
    "arret, arrêt, arrêter, stopper, désabonner, desabonner, désinscrire",  # French
    "stopp, abmelden, abbestellen, austragen, beenden",  # German
    "fermati, ferma, disiscrivi, annulla, cancella",  # Italian
    "dur, durdur, iptal, abonelikten çık, ret",  # Turkish
)
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


def normalize(text: str) -> str:
    """Returns the words alone: without punctuation, Hebrew points, symbols and extra blanks; case folded."""
    kept = (char if unicodedata.category(char)[0] in "LN" else " " for char in _without_points(text))
    return " ".join("".join(kept).casefold().split())


def _without_points(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text)
    return "".join(char for char in composed if unicodedata.category(char) not in {"Mn", "Cf"})


def _words(lists: Collection[str]) -> frozenset[str]:
    return frozenset(normalize(word) for words in lists for word in words.split(","))


OPT_OUT_WORDS = _words(_OUT)
OPT_IN_WORDS = _words(_IN)


def choice_of(text: str, *, more_out: Collection[str] = (), more_in: Collection[str] = ()) -> Choice | None:
    """Returns what a message (or a button's payload) decides; None for an ordinary message."""
    if len(text) > 60:
        return None
    said = normalize(text)
    if not said:
        return None
    if said in OPT_OUT_WORDS or said in {normalize(word) for word in more_out}:
        return Choice.OPT_OUT
    if said in OPT_IN_WORDS or said in {normalize(word) for word in more_in}:
        return Choice.OPT_IN
    return None
