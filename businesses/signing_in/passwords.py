"""Passwords that can be guessed: `clinic123` is on no list of common ones, yet among the first that anybody tries."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn

from businesses.models import User

JUDGED = 16
"""Letters that are judged. zxcvbn's time grows without bound with signs that stand for letters, like "4@(|": 16 of them
take a few hundredths of a second, 40 take a whole one, and whoever holds an invitation's link may try as often as they
like."""
GOOD_ENOUGH = 3
"""zxcvbn's scale ends at 4; 3 stands for more than 10^8 guesses, far more than the limits of the door allow."""
SHORTEST = 4
"""Letters of a word that is taken away: shorter ones stand in other words, too."""
OUR_WORDS = ("frontdesk", "reception")


class GuessableValidator:
    """Refuses passwords made of known words, names, dates, keyboard rows and what the site knows of the person."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise `ValidationError` for a password that is easy to guess once the person's own words are taken away."""
        own = sorted({*OUR_WORDS, *_words_of(user)}, key=len, reverse=True)
        rest = re.sub("|".join(map(re.escape, own)), "", password, flags=re.IGNORECASE)
        if zxcvbn(rest[:JUDGED])["score"] < GOOD_ENOUGH:
            raise ValidationError(
                _("This password is easy to guess. Three or four unrelated words make a good one."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        """Returns what people are told beside the field."""
        return _("Three or four unrelated words make a good password.")


def _words_of(user: User | None) -> list[str]:
    """Returns the person's names, the parts of their address, and the names of their businesses."""
    if user is None:
        return []
    texts = [user.first_name, user.last_name, user.email]
    if user.pk:
        texts += [text for each in user.own_memberships for text in (each.business.name, each.business.slug)]
    return [word for text in texts for word in re.split(r"[\W_]+", text) if len(word) > 2]
