"""The stand-in's conversation by plain rules: from what the business's text says and what the caller has said so far.

A conversation is told again from its beginning for every answer, so nothing is kept between answers and a session
that goes on after a lost connection knows as much as the first one. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto

from calls.sandbox.receptionist import opening_hours
from calls.sandbox.receptionist.business_text import BusinessText, Fact
from calls.sandbox.receptionist.intent_patterns import Intent
from calls.sandbox.receptionist.intents import days_from_today, intents, names_relative_day_only, without
from calls.sandbox.receptionist.keywords import best, stems
from calls.sandbox.receptionist.receptionist_words import Words

_ADDRESS_TOPIC = re.compile(r"address|location|where|find us|כתובת|מיקום|איפה|היכן", re.IGNORECASE)
_ADDRESS_WORDS = re.compile(
    r"\b(street|st\.|road|avenue|square|lane|our address|located)\b|רחוב|שדרות|הכתובת|כיכר", re.IGNORECASE
)
_ASK_FOR = re.compile(r"appointment.*\bask (?:for|them for|the caller for)\s+(?P<details>[^.;]+)", re.IGNORECASE)
_OWN = re.compile(
    r"\b(?:a|an|the|their)\s+(?=(?:full |first |last |phone |telephone |mobile )?(?:name|number|phone)\b)", re.I
)
_DETAILS = {
    "en": "your name, your telephone number and when you would like to come",
    "he": "שם, מספר טלפון ומתי נוח לכם",
}
_LEAST_WORDS_OF_A_MESSAGE = 4
_QUESTIONS = frozenset({Intent.HOURS, Intent.ADDRESS})
_WISHES = _QUESTIONS | {Intent.PERSON, Intent.MESSAGE, Intent.APPOINTMENT}


class Move(Enum):
    """What a reply does besides speaking."""

    STAY = auto()
    HANG_UP = auto()
    PUT_THROUGH = auto()


class Expecting(Enum):
    """What the assistant's last question was about."""

    ANYTHING = auto()
    ANYTHING_ELSE = auto()
    WHETHER_MESSAGE = auto()
    MESSAGE = auto()
    CONFIRMATION = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said, and where the conversation stands then."""

    words: str
    move: Move = Move.STAY
    expecting: Expecting = Expecting.ANYTHING
    message: str = ""
    is_puzzled: bool = False


@dataclass(frozen=True, slots=True)
class _Utterance:
    """What the caller said between two replies, as number so and so."""

    said: str
    wants: frozenset[Intent]
    number: int

    @property
    def is_short(self) -> bool:
        return _is_short(self.said)


@dataclass(frozen=True, slots=True)
class Receptionist:
    """Answers for one business. `can_transfer`: there is somebody to put callers through to."""

    text: BusinessText
    words: Words
    language: str
    can_transfer: bool

    def open(self) -> Reply:
        """The first words of a call, before the caller has said anything."""
        return Reply(self.words.welcome_from.format(name=self.text.name) if self.text.name else self.words.welcome)

    def answer(self, caller_said: tuple[str, ...]) -> Reply:
        """The reply to the last of the caller's utterances, in the light of those before."""
        reply = Reply("")
        for number, said in enumerate(caller_said):
            reply = self._respond(_Utterance(said, intents(said), number), reply)
        return reply if caller_said else self.open()

    def _respond(self, heard: _Utterance, before: Reply) -> Reply:
        return (
            self._not_understood(heard, before)
            or self._message(heard, before)
            or self._offer(heard, before)
            or self._wish(heard)
            or self._facts(heard)
            or self._small_talk(heard, before)
        )

    def _not_understood(self, heard: _Utterance, before: Reply) -> Reply | None:
        if Intent.NOTHING in heard.wants:
            return replace(before, words=self.words.not_caught, move=Move.STAY)
        if Intent.WORDLESS in heard.wants:
            return Reply(self.words.deaf[heard.number % len(self.words.deaf)])
        if Intent.WAIT in heard.wants and _is_short(without(heard.said, Intent.WAIT)) and not heard.wants & _WISHES:
            return replace(before, words=self.words.take_your_time, move=Move.STAY)
        if Intent.REPEAT not in heard.wants:
            return None
        return before if before.words else Reply(self.words.welcome)

    # Messages -------------------------------------------------------------------------------------
    def _message(self, heard: _Utterance, before: Reply) -> Reply | None:
        """Where a message is being taken: its words, or whether they are right."""
        if before.expecting not in (Expecting.MESSAGE, Expecting.CONFIRMATION):
            return None
        if Intent.NEVER_MIND in heard.wants:
            return self._then_what(self.words.dropped)
        if heard.said.rstrip().endswith("?") and (answer := self._facts(heard)):
            asks = before.words.removeprefix(self.words.of_course).strip()
            return replace(before, words=f"{answer.words} {asks}")
        is_dictating = before.expecting is Expecting.MESSAGE
        return self._dictated(heard, before) if is_dictating else self._confirmed(heard, before)

    def _dictated(self, heard: _Utterance, before: Reply) -> Reply | None:
        if Intent.GOODBYE in heard.wants and heard.is_short:
            return Reply(self.words.goodbye, Move.HANG_UP)
        # A long sentence about a person may well be the message.
        if Intent.PERSON in heard.wants and len(heard.said.split()) < 2 * _LEAST_WORDS_OF_A_MESSAGE:
            return None
        if heard.wants & {Intent.YES, Intent.THANKS, Intent.GREETING} and heard.is_short:
            return replace(before, words=self.words.ask_message)
        return self._noted(heard.said)

    def _asked(self) -> Reply:
        return Reply(f"{self.words.of_course} {self.words.ask_message}", expecting=Expecting.MESSAGE)

    def _confirmed(self, heard: _Utterance, before: Reply) -> Reply:
        if Intent.GOODBYE in heard.wants:
            return Reply(f"{self.words.kept} {self.words.goodbye}", Move.HANG_UP)
        more = without(heard.said, Intent.YES) if Intent.YES in heard.wants else ""
        is_more = not _is_short(more) and not intents(more) & {Intent.YES, Intent.THANKS}
        if heard.wants & {Intent.YES, Intent.THANKS} and not is_more:
            return self._then_what(self.words.kept)
        if is_more:
            return self._noted(f"{before.message} {more}")
        if Intent.NO not in heard.wants:
            return self._noted(f"{before.message} {heard.said}")
        rest = without(heard.said, Intent.NO)
        return Reply(self.words.ask_again, expecting=Expecting.MESSAGE) if _is_short(rest) else self._noted(rest)

    def _noted(self, message: str) -> Reply:
        message = message.strip()
        ended = message if message.endswith((".", "!", "?")) else f"{message}."
        return Reply(self.words.noted.format(message=ended), expecting=Expecting.CONFIRMATION, message=message)

    def _offer(self, heard: _Utterance, before: Reply) -> Reply | None:
        """After "anything else?" and "shall I take a message?"."""
        wishes = heard.wants & _WISHES - {Intent.MESSAGE}
        if before.expecting is Expecting.WHETHER_MESSAGE and Intent.YES in heard.wants and not wishes:
            return self._asked()
        is_asked = before.expecting in (Expecting.WHETHER_MESSAGE, Expecting.ANYTHING_ELSE)
        if is_asked and Intent.NO in heard.wants and not heard.wants & _WISHES:
            return Reply(self.words.goodbye, Move.HANG_UP)
        return None

    # Wishes and questions ---------------------------------------------------------------------------
    def _wish(self, heard: _Utterance) -> Reply | None:
        words, wants = self.words, heard.wants
        if Intent.WHO_ARE_YOU in wants:
            return Reply(words.who.format(abilities=self._abilities()))
        if Intent.PERSON in wants and self.can_transfer:
            return Reply(words.putting_through, Move.PUT_THROUGH)
        if Intent.PERSON in wants:
            return Reply(words.no_person, expecting=Expecting.WHETHER_MESSAGE)
        if Intent.MESSAGE in wants:
            rest = without(heard.said, Intent.MESSAGE)
            return self._asked() if _is_short(rest) else self._noted(rest.removeprefix("that "))
        if Intent.APPOINTMENT in wants and not wants & _QUESTIONS:
            return Reply(words.ask_appointment.format(details=self._details()), expecting=Expecting.MESSAGE)
        return None

    def _facts(self, heard: _Utterance) -> Reply | None:
        if answer := self._questions(heard):
            unanswered = answer in (self.words.no_hours, self.words.no_address)
            return Reply(answer, expecting=Expecting.WHETHER_MESSAGE if unanswered else Expecting.ANYTHING)
        facts = best(heard.said, self.text.facts)
        if facts and set(facts) <= set(opening_hours.about_hours(self.text.facts)):
            return Reply(self._hours(heard.said))
        return Reply(" ".join(fact.words for fact in facts)) if facts else None

    def _small_talk(self, heard: _Utterance, before: Reply) -> Reply:
        wants, words = heard.wants, self.words
        if Intent.GOODBYE in wants or {Intent.NO, Intent.THANKS} <= wants:
            return Reply(words.goodbye, Move.HANG_UP)
        if wants & {Intent.THANKS, Intent.NEVER_MIND}:
            return self._then_what(words.you_are_welcome)
        if Intent.GREETING in wants:
            is_first_word = heard.number == 0 and not self.text.has_greeted
            return self.open() if is_first_word else Reply(words.welcome)
        if Intent.YES in wants or (Intent.NO in wants and heard.is_short):
            is_reaction = Intent.NO in wants or (before.words and before.expecting is Expecting.ANYTHING)
            after = Reply(words.anything_else, expecting=Expecting.ANYTHING_ELSE)
            return after if is_reaction else Reply(words.how_else)
        if before.is_puzzled:
            return Reply(words.unknown_again, expecting=Expecting.WHETHER_MESSAGE)
        return Reply(words.unknown.format(abilities=self._abilities()), is_puzzled=True)

    def _then_what(self, words: str) -> Reply:
        return Reply(f"{words} {self.words.anything_else}", expecting=Expecting.ANYTHING_ELSE)

    def _questions(self, heard: _Utterance) -> str:
        """The answers to questions about hours and address; empty when neither is asked for."""
        # "And on Saturday?" asks for the hours, too.
        names_only_days = names_relative_day_only(heard.said) or (
            opening_hours.days_in(heard.said) and not stems(opening_hours.without_days(heard.said))
        )
        asks_hours = Intent.HOURS in heard.wants or (not heard.wants and names_only_days)
        answers = [self._hours(heard.said)] if asks_hours else []
        answers += [self._address()] if Intent.ADDRESS in heard.wants else []
        return " ".join(answers)

    def _hours(self, said: str) -> str:
        facts = opening_hours.about_hours(self.text.facts)
        if not facts:
            return self.words.no_hours
        days = opening_hours.days_in(said) or self._relative_day(said)
        found = [(day, hours) for day in sorted(days) if (hours := opening_hours.on_day(day, facts))]
        if not found or len(found) < len(days):
            whole = " ".join(fact.words for fact in facts)
            return self.words.hours.format(hours=whole) if facts[0].topic else whole
        return " ".join(self._on_day(day, hours) for day, hours in found)

    def _relative_day(self, said: str) -> frozenset[int]:
        distance = days_from_today(said)
        if distance is None or self.text.today.lower() not in opening_hours.DAYS:
            return frozenset()
        return frozenset({(opening_hours.DAYS.index(self.text.today.lower()) + distance) % 7})

    def _on_day(self, day: int, hours: opening_hours.DayHours) -> str:
        name = self.words.days[day]
        if hours.is_closed:
            return self.words.closed_on.format(day=name)
        from_when = self.words.from_number if hours.words[0].isdigit() else ""
        return self.words.open_on.format(day=name, hours=from_when + hours.words)

    def _address(self) -> str:
        labelled = [fact for fact in self.text.facts if _ADDRESS_TOPIC.search(fact.topic)]
        facts = labelled or [fact for fact in self.text.facts if _ADDRESS_WORDS.search(fact.words)][:1]
        if not facts:
            return self.words.no_address
        found = " ".join(fact.words for fact in facts)
        return self.words.address.format(address=found) if _is_bare(facts[0]) else found

    def _details(self) -> str:
        asked = next((found for wish in self.text.wishes if (found := _ASK_FOR.search(wish))), None)
        if asked is None or self.language == "he":
            return _DETAILS.get(self.language, _DETAILS["en"])
        return _OWN.sub("your ", asked["details"].strip())

    def _abilities(self) -> str:
        words, facts = self.words, self.text.facts
        known = [words.can_hours] if opening_hours.about_hours(facts) else []
        known += [words.can_address] if self._address() != words.no_address else []
        known += [words.can_message, *([words.can_transfer] if self.can_transfer else [])]
        return words.either.join(filter(None, [", ".join(known[:-1]), known[-1]]))


def _is_short(said: str) -> bool:
    """Too few words to be a message."""
    return len(said.split()) < _LEAST_WORDS_OF_A_MESSAGE


def _is_bare(fact: Fact) -> bool:
    """An address by itself, as a label has it; not a sentence like "We are at …"."""
    return bool(fact.topic) and not re.match(r"(we|our|it|the|you)\b|אנחנו|הכתובת", fact.words, re.IGNORECASE)
