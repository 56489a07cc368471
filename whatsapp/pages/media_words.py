"""Files of messages in words: what they are, how large, and why one is not here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from whatsapp.media.kinds import KINDS, Kind
from whatsapp.models import InboundMedia, MediaStatus
from whatsapp.states import MediaProblem

_WHY: Final = {
    MediaProblem.GONE: gettext_lazy(
        "WhatsApp no longer has it: it keeps files for a few days. Ask the person to send it again."
    ),
    MediaProblem.REFUSED: gettext_lazy("WhatsApp did not hand it out. Check the number's connection, then try again."),
    MediaProblem.UNREACHABLE: gettext_lazy("WhatsApp did not answer."),
    MediaProblem.DAMAGED: gettext_lazy("It arrived damaged. Perhaps the person can send it again."),
    MediaProblem.ELSEWHERE: gettext_lazy("WhatsApp pointed to an address that is not its own, so it was not fetched."),
    MediaProblem.UNKNOWN_KIND: gettext_lazy(
        "Files of this kind are not kept here, for safety. It can be seen on the phone."
    ),
    MediaProblem.NO_ROOM: gettext_lazy("It could not be stored here. Whoever runs this installation can help."),
}
_LASTING: Final = frozenset({MediaProblem.TOO_LARGE, MediaProblem.UNKNOWN_KIND})
"""Problems that trying again doesn't change."""
_DOCUMENTS: Final[Mapping[str, str]] = {
    "pdf": "PDF",
    "docx": "Word",
    "doc": "Word",
    "odt": "Writer",
    "xlsx": "Excel",
    "xls": "Excel",
    "ods": "Calc",
    "pptx": "PowerPoint",
    "ppt": "PowerPoint",
    "odp": "Impress",
}


@dataclass(frozen=True, slots=True)
class ShownMedia:
    """A file as the thread shows it. `shown_as`: img, audio, video, or "" for one that is only downloaded."""

    media: InboundMedia
    shown_as: str = ""
    name: str = ""
    about: str = ""
    why: str = ""
    may_try: bool = False

    @property
    def is_here(self) -> bool:
        """Returns whether it can be shown or downloaded."""
        return self.media.status == MediaStatus.KEPT

    @property
    def is_waiting(self) -> bool:
        """Returns whether it is tried again without being asked for."""
        return self.media.status == MediaStatus.WAITING

    @property
    def state(self) -> tuple[str, str]:
        """Returns what a page has to show anew when it changes."""
        return str(self.media.pk), f"{self.media.status}{self.media.problem}"


def shown(media: InboundMedia) -> ShownMedia:
    """Returns a file with its words."""
    kind = KINDS.get(media.content_type)
    if media.status == MediaStatus.KEPT and kind:
        about = filter(None, (_DOCUMENTS.get(kind.ending, ""), filesizeformat(media.size)))
        return ShownMedia(media, kind.shown_as, file_name(media, kind), " · ".join(about))
    problem = media.problem
    return ShownMedia(media, why=why(problem) if problem else "", may_try=bool(problem) and problem not in _LASTING)


def why(problem: str) -> str:
    """Returns why a file is not here."""
    if problem == MediaProblem.TOO_LARGE:
        return _("It is larger than %(size)s MB. It can be seen on the phone.") % {"size": settings.WHATSAPP_MEDIA_MB}
    return str(_WHY[MediaProblem(problem)])


def file_name(media: InboundMedia, kind: Kind) -> str:
    """Returns the name under which a file is downloaded: its sender's, with the ending of what it really is."""
    given = media.file_name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(ch for ch in given if ch.isprintable() and ch not in '"<>:|?*').strip(" .")
    stem, _dot, ending = plain.rpartition(".")
    if not plain:
        return f"{media.message.received_at:%Y-%m-%d-%H%M}.{kind.ending}"
    return plain if stem and ending.lower() == kind.ending else f"{plain[:200]}.{kind.ending}"
