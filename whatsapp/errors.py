"""What can go wrong with broadcasts, in words for whoever asked for it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from whatsapp.reasons import ReasonedError
from whatsapp.states import BroadcastStatus


class WhatsappError(Exception):
    """Something that the person who asked can understand and mend. Its text says how."""


class IllegalChange(WhatsappError):
    """A broadcast can't become this from where it stands (HTTP 409)."""

    def __init__(self, current: BroadcastStatus, wanted: BroadcastStatus) -> None:
        text = _("This broadcast is “%(current)s”: from there it can't become “%(wanted)s”.")
        super().__init__(text % {"current": current.label, "wanted": wanted.label})
        self.current = current


class NotSendable(WhatsappError):
    """A broadcast that must not be started as it is. `problems` has one sentence for each reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class BadAudience(ReasonedError, WhatsappError):
    """A file or choice of people that can't be used as a whole. The text names the row or column."""


class BadTemplate(WhatsappError):
    """No such template, or none that broadcasts can send."""


class NotConnected(WhatsappError):
    """The business has no WhatsApp number, or it doesn't work."""


class WindowClosed(WhatsappError):
    """Free text is only taken within 24 hours of the person's last message."""


class OptedOut(WhatsappError):
    """The person asked not to get messages."""
