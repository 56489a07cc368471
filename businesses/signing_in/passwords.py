"""Passwords that can be guessed: `clinic123` is on no list of common ones, yet among the first that anybody tries."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn

from businesses.models import User

JUDGED = 40
"""Letters that are judged. zxcvbn refuses more than 72, and its time grows with the square of the length."""
GOOD_ENOUGH = 3
"""zxcvbn's scale ends at 4; 3 stands for more than 10^8 guesses, far more than the limits of the door allow."""
OUR_WORDS = ("frontdesk", "front desk", "reception")


class GuessableValidator:
    """Refuses passwords made of known words, names, dates, keyboard rows and what the site knows of the person."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise `ValidationError` for a password that is easy to guess."""
        if zxcvbn(password[:JUDGED], user_inputs=[*OUR_WORDS, *_words_of(user)])["score"] < GOOD_ENOUGH:
            raise ValidationError(
                _("This password is easy to guess. Three or four words that don't belong together are a good one."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        """Returns what people are told beside the field."""
        return _("Three or four words that don't belong together are a good password.")


def _words_of(user: User | None) -> list[str]:
    """Returns the person's names, the parts of their address, and the names of their businesses."""
    if user is None:
        return []
    texts = [user.first_name, user.last_name, user.email]
    if user.pk:
        texts += [text for each in user.own_memberships for text in (each.business.name, each.business.slug)]
    return [word for text in texts for word in re.split(r"[\W_]+", text) if len(word) > 2]
