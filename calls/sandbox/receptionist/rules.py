"""The stand-in's answers by plain rules: from what the business's text says and what the caller has said so far.

Every answer is computed from the whole conversation, so nothing is kept between answers, and a session that is reopened
after a lost connection knows as much as the first one. Pure.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from calls.sandbox.receptionist import errands
from calls.sandbox.receptionist.business_text import BusinessText, Fact
from calls.sandbox.receptionist.intents import Intent, intents
from calls.sandbox.receptionist.keywords import best
from calls.sandbox.receptionist.sentences import Sentences

_LABELS = {
    Intent.HOURS: re.compile(r"\b(hours?|opening|open)\b|שעות|פתיחה", re.IGNORECASE),
    Intent.ADDRESS: re.compile(r"address|location|where|find us|כתובת|מיקום", re.IGNORECASE),
}
_WORDINGS = {  # where there is no such label
    Intent.HOURS: re.compile(r"\b(open|closed?|hours)\b.*\d|\d.*\b(open|closed?)\b|(פתוח|שעות).*\d", re.IGNORECASE),
    Intent.ADDRESS: re.compile(
        r"\b(street|road|avenue|square|lane|address|located)\b|רחוב|שדרות|הכתובת", re.IGNORECASE
    ),
}
_IS_SENTENCE = re.compile(r"(we|our|it|the|you|yes|no)\b|אנחנו|הכתובת", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said. `tool`: the function of Frontdesk's that is called after it, if any."""

    words: str
    tool: str = ""
    arguments: str = "{}"


@dataclass(frozen=True, slots=True)
class Receptionist:
    """Answers for one business. `can_transfer`: there is somebody to put callers through to.

    `tools`: the names of Frontdesk's other functions.
    """

    text: BusinessText
    sentences: Sentences
    can_transfer: bool
    people: tuple[str, ...] = ()
    """Whom callers can be put through to by name."""
    tools: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    """What functions have answered in the call."""

    def open(self) -> Reply:
        """Returns the first words of a call, before the caller has said anything."""
        is_named = self.text.name and not self.text.has_greeted
        sentence = self.sentences.welcome_from if is_named else self.sentences.welcome
        return Reply(sentence.format(name=self.text.name))

    def answer(self, caller_said: tuple[str, ...]) -> Reply:
        """Returns the reply to the last of the caller's utterances, in the light of those before."""
        if not caller_said:
            return self.open()
        *earlier, said = caller_said
        wants = intents(said)
        if said.startswith("["):  # the listener's mark for speech that it can't understand
            return self._next_fact(sum(each.startswith("[") for each in earlier))
        if not any(character.isalnum() for character in said):
            return Reply(self.sentences.not_caught)
        if Intent.REPEAT in wants:
            return self.answer(tuple(earlier))
        if errand := errands.request(caller_said, self.tools, self.sentences, self.known):
            return Reply(errand.words, errand.tool, errand.arguments)
        return self._wish(wants, said) or self._facts(said, wants) or self._small_talk(wants, earlier)

    def _next_fact(self, told: int) -> Reply:
        """Returns the next fact, for a caller whose words are not understood."""
        facts = [f"{fact.topic.rstrip(':?')}: {fact.words}" if fact.topic else fact.words for fact in self.text.facts]
        fact = facts[told % len(facts)] if facts else ""
        return Reply(fact if fact and told else f"{self.sentences.no_ears} {fact}".strip())

    def _wish(self, wants: frozenset[Intent], said: str) -> Reply | None:
        if Intent.WHO_ARE_YOU in wants:
            return Reply(self.sentences.who)
        named = next((name for name in self.people if name.casefold() in said.casefold()), "")
        if (named or Intent.PERSON in wants) and self.can_transfer:
            return Reply(self.sentences.putting_through, "transfer_call", _asked(named, said))
        return Reply(self.sentences.no_person) if Intent.PERSON in wants else None

    def _facts(self, said: str, wants: frozenset[Intent]) -> Reply | None:
        """Returns what the business's text says about a question; None where it says nothing."""
        frames = {Intent.HOURS: self.sentences.hours, Intent.ADDRESS: self.sentences.address}
        answers = [_framed(frame, self._about(intent)) for intent, frame in frames.items() if intent in wants]
        found = " ".join(filter(None, answers)) or " ".join(fact.words for fact in best(said, self.text.facts))
        return Reply(found) if found else None

    def _about(self, question: Intent) -> list[Fact]:
        labelled = [fact for fact in self.text.facts if _LABELS[question].search(fact.topic)]
        return labelled or [fact for fact in self.text.facts if _WORDINGS[question].search(fact.words)]

    def _small_talk(self, wants: frozenset[Intent], earlier: list[str]) -> Reply:
        sentences = self.sentences
        was_asked = Intent.NO in wants and self.answer(tuple(earlier)).words.endswith(sentences.anything_else)
        if Intent.GOODBYE in wants or {Intent.NO, Intent.THANKS} <= wants or was_asked:
            return Reply(sentences.goodbye, "end_call")
        if Intent.THANKS in wants:
            return Reply(f"{sentences.you_are_welcome} {sentences.anything_else}")
        if Intent.GREETING in wants:
            return Reply(sentences.welcome) if earlier else self.open()
        return Reply(sentences.anything_else if wants & {Intent.YES, Intent.NO} else sentences.unknown)


def _asked(named: str, said: str) -> str:
    """Returns the arguments of a transfer: whom the caller wants, and their own words as the reason."""
    return json.dumps(({"to": named} if named else {}) | {"reason": said}, ensure_ascii=False)


def _framed(frame: str, facts: list[Fact]) -> str:
    """Returns facts as an answer: in a frame if they stood under a label, else as the sentences that they are."""
    words = " ".join(fact.words for fact in facts)
    return frame.format(facts=words) if facts and facts[0].topic and not _IS_SENTENCE.match(words) else words
