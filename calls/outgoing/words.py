"""What the assistant says first when it calls somebody, and what a machine hears.

The usual words are not by gettext: they are in the language of the business's calls, whatever language a page has.
"""

from __future__ import annotations

import re
from copy import copy
from typing import Any, Final, NoReturn

from businesses.models import Business, Language
from calls.models import AtMachine, OutgoingChoices
from calls.outgoing.choices import choices_of

USUAL: Final = {
    Language.HEBREW: "שלום {name}, כאן המענה האוטומטי של {business}. אנחנו חוזרים אליכם.",
    Language.ENGLISH: "Hello {name}, this is the automated assistant of {business}. We are calling you back.",
}
REMINDING: Final = {
    Language.HEBREW: "שלום {name}, כאן המענה האוטומטי של {business}. יש לנו הודעה קצרה עבורכם.",
    Language.ENGLISH: "Hello {name}, this is the automated assistant of {business}. We have a short message for you.",
}
"""Before a reminder. Others may hear it, or a machine record it, so it says no word of an appointment."""
_BEFORE_MARK: Final = re.compile(r"\s+(?=[,.;:!?])")


def first_words(business: Business, choices: OutgoingChoices, *, who: str, is_reminder: bool = False) -> str:
    """Returns the assistant's first utterance. `who`: the person's name; "" if it isn't known.

    The owner's words are for calling people back; of an appointment nobody has asked to be reminded by a call.
    """
    language = Language(business.language)
    words = REMINDING[language] if is_reminder else choices.words.strip() or USUAL[language]
    filled = words.replace("{business}", business.name).replace("{name}", who)
    return _BEFORE_MARK.sub("", " ".join(filled.split()))


def as_calling(business: Business, words: str) -> Business:
    """Returns the business with these words as its greeting; not to be saved.

    All that depends on the greeting follows: what is heard first, that it is protected, what the model is told of it.
    """
    calling = copy(business)
    calling.greeting_text = words
    calling.save = _refuse  # type: ignore[method-assign] # it would make these words the greeting of every caller
    return calling


def can_be_rendered(choices: OutgoingChoices, who: str, *, is_reminder: bool = False) -> bool:
    """Returns whether the first words may be kept as a recording: those with a person's name may not."""
    return not who or not (is_reminder or "{name}" in (choices.words.strip() or "{name}"))


def for_machine(business: Business) -> str:
    """Returns what an answering machine is told; "" for nothing: then it is hung up."""
    choices = choices_of(business)
    return choices.machine_words.strip() if choices.at_machine == AtMachine.SAY else ""


def _refuse(*_args: Any, **_options: Any) -> NoReturn:
    raise RuntimeError("this is a business as it calls somebody: save the business itself")
