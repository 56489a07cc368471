"""Errors of WhatsApp features. Their texts are written for the person who asked."""

from __future__ import annotations

from django.utils.translation import gettext as _

from whatsapp.reasons import Cause, Datum, Reason, reason
from whatsapp.states import BroadcastStatus


class ReasonedError(Exception):
    """An error with a reason that may be stored in a row; as text it is in the active language."""

    def __init__(self, why: Cause | Reason, **data: Datum) -> None:
        self.reason = why if isinstance(why, Reason) else reason(why, **data)
        super().__init__(self.reason)

    def __str__(self) -> str:
        return str(self.reason)


class WhatsappError(Exception):
    """An error that the person who asked can understand and correct. Its text says how."""


class IllegalChange(WhatsappError):
    """A broadcast can't move from its present state to the wanted one (HTTP 409)."""

    def __init__(self, current: BroadcastStatus, wanted: BroadcastStatus) -> None:
        text = _("This broadcast is “%(current)s”: from there it can't become “%(wanted)s”.")
        super().__init__(text % {"current": current.label, "wanted": wanted.label})
        self.current = current


class EditedElsewhere(WhatsappError):
    """The draft was changed after the page that speaks of it was made: by another window or another person."""

    def __init__(self) -> None:
        super().__init__(
            _("This broadcast was changed in another window. This is how it is now: check it, then go on.")
        )


class NameTaken(WhatsappError):
    """Another segment of the business has this name."""

    def __init__(self) -> None:
        super().__init__(_("There is a segment of this name already."))


class NotSendable(WhatsappError):
    """A broadcast that must not be started as it is. `problems` has one sentence per reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class BadAudience(ReasonedError, WhatsappError):
    """A file or choice of people that as a whole can't be used. The text names the row or column."""


class BadTemplate(WhatsappError):
    """There is no such template, or broadcasts can't send it."""


class NotConnected(WhatsappError):
    """The business has no WhatsApp number, or the number doesn't work."""


class WindowClosed(WhatsappError):
    """Free text is accepted only within 24 hours of the person's last message."""


class OptedOut(WhatsappError):
    """The person asked not to get messages."""
