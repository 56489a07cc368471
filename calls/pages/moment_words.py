"""The words and signs for the moments of a call, and for its greeting certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.conversation.sent_audio import BYTES_PER_SECOND
from calls.pages import words
from calls.records.certificates import Certificate, Verdict
from calls.records.moments import Moment, Sort
from calls.tools.registry import tool_named

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

SHAPES: Final[Mapping[str, str]] = {
    "pause": "M-4-5h3v10h-3zM1-5h3v10h-3z",
    "commit": "M-5-3l2-2 3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3z",
    "resume": "M-4-5l9 5-9 5z",
    "heard": "M-5 0l2-2 2 2 4-5 2 2-6 7z",
    "ignored": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0zM-2 0a2 2 0 1 1 4 0a2 2 0 1 1-4 0z",
    "tool": "M0-6l6 6-6 6-6-6z",
    "trouble": "M0-6l6 11h-12zM-1-2v3h2v-3zM-1 2v2h2v-2z",
    "end": "M-4-4h8v8h-8z",
}
"""Each sign as a path around its middle, 12 units wide. They differ by shape, not only by colour."""
_SHAPE_OF: Final = {
    Sort.FIRST_OVER: "heard", Sort.PAUSE: "pause", Sort.COMMIT: "commit", Sort.RESUME: "resume",
    Sort.IGNORED: "ignored", Sort.NOISE: "ignored", Sort.TOOL: "tool", Sort.KEY: "tool", Sort.OPERATOR: "tool",
    Sort.NOT_DONE: "trouble", Sort.RETRY: "trouble", Sort.REFUSED: "trouble", Sort.TONE: "trouble",
    Sort.MARKS_LOST: "trouble", Sort.MODEL_LOST: "trouble", Sort.BROKE: "trouble", Sort.ENDED: "end",
}  # fmt: skip
LEGEND: Final[Mapping[str, StrOrPromise]] = {
    "heard": gettext_lazy("First words over: the caller may interrupt"),
    "pause": gettext_lazy("Paused for a voice"),
    "commit": gettext_lazy("The caller interrupted"),
    "resume": gettext_lazy("Went on: nobody had spoken"),
    "ignored": gettext_lazy("A sound that did not interrupt"),
    "tool": gettext_lazy("A tool, a key or a person"),
    "trouble": gettext_lazy("Trouble"),
    "end": gettext_lazy("End"),
}
_WHAT: Final[Mapping[Sort, StrOrPromise]] = {
    Sort.GREETING: gettext_lazy("The first words began"),
    Sort.FIRST_OVER: gettext_lazy("First words over: the caller may interrupt"),
    Sort.ANSWER: gettext_lazy("An answer began"),
    Sort.PAUSE: gettext_lazy("Paused for a voice"),
    Sort.COMMIT: gettext_lazy("The caller interrupted"),
    Sort.RESUME: gettext_lazy("Went on: nobody had spoken"),
    Sort.IGNORED: gettext_lazy("A sound that did not interrupt"),
    Sort.SILENT: gettext_lazy("Silent for the caller"),
    Sort.NOISE: gettext_lazy("A noise, not answered"),
    Sort.TOOL: gettext_lazy("A tool was asked for"),
    Sort.NOT_DONE: gettext_lazy("The tool was not carried out"),
    Sort.TOOL_ANSWER: gettext_lazy("The tool answered"),
    Sort.RETRY: gettext_lazy("The AI was asked again"),
    Sort.REFUSED: gettext_lazy("The AI service refused a request"),
    Sort.CHECK: gettext_lazy("The assistant asked whether the caller was still there"),
    Sort.TONE: gettext_lazy("The caller waited and heard a tone"),
    Sort.MARKS_LOST: gettext_lazy("The phone network did not confirm what was heard"),
    Sort.KEY: gettext_lazy("The caller pressed a key"),
    Sort.MODEL_READY: gettext_lazy("The AI was connected"),
    Sort.MODEL_LOST: gettext_lazy("The connection to the AI was lost"),
    Sort.OPERATOR: gettext_lazy("Someone at the business took over"),
    Sort.BROKE: gettext_lazy("The phone line broke"),
    Sort.RESUMED: gettext_lazy("The call went on over a new line"),
    Sort.ENDED: gettext_lazy("End"),
}
_IGNORED: Final[Mapping[str, StrOrPromise]] = {
    "off": gettext_lazy("Interrupting is switched off."),
    "protected": gettext_lazy("Nothing interrupts the first words."),
    "grace": gettext_lazy("The assistant had only just begun to speak."),
    "listening": gettext_lazy("It was only a sign of listening."),
}
_NOT_DONE: Final[Mapping[str, StrOrPromise]] = {
    "unknown": gettext_lazy("There is no such tool."),
    "incomplete": gettext_lazy("The request did not arrive whole."),
    "caller_goes_on": gettext_lazy("The caller went on talking."),
    "already_leaving": gettext_lazy("The call was already ending."),
    "say_it_first": gettext_lazy("The caller had not been told yet."),
}
_TOOLS: Final[Mapping[str, StrOrPromise]] = {
    "end_call": gettext_lazy("Hang up"),
    "transfer_call": gettext_lazy("Transfer the call"),
}


def shape_of(moment: Moment) -> str:
    """Returns the key of a moment's sign in `SHAPES`; "" for one without."""
    return _SHAPE_OF.get(moment.sort, "")


def what(moment: Moment) -> str:
    """Returns what a moment was."""
    return str(_WHAT[moment.sort])


def why(moment: Moment) -> str:
    """Returns the reason and the figures behind a moment; "" where there is nothing to add."""
    say = _WHY.get(moment.sort)
    return say(moment.facts) if say else ""


def told(moment: Moment) -> str:
    """Returns both in one."""
    more = why(moment)
    return f"{what(moment)}. {more}" if more else what(moment)


# Why ------------------------------------------------------------------------------------------------------
Facts = Mapping[str, Any]


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.2f}"


def _waited(facts: Facts) -> str:
    said = _("After %(seconds)s seconds.") % {"seconds": _seconds(facts["ms"])} if "ms" in facts else ""
    if "felt_ms" in facts:
        felt = _("The caller waited %(seconds)s seconds.") % {"seconds": _seconds(facts["felt_ms"])}
        return f"{said} {felt}".strip()
    return said


def _voice(facts: Facts) -> str:
    match facts.get("by"):
        case "voice":
            loud = _("Loudness %(rms)s, threshold %(threshold)s, %(ms)s ms of voice.") % {
                "rms": facts["rms"], "threshold": facts["threshold"], "ms": facts["frames"] * 20,
            }  # fmt: skip
        case "openai":
            loud = _("OpenAI heard speech, too. Threshold %(threshold)s, %(ms)s ms of voice.") % {
                "threshold": facts["threshold"], "ms": facts["frames"] * 20,
            }  # fmt: skip
        case "turn":
            loud = _("A whole turn with %(ms)s ms of voice.") % {"ms": facts["voiced_ms"]}
        case "words":
            loud = _("It was short, but more than a sign of listening.")
        case _:
            loud = ""
    if "ms" in facts:
        return f"{loud} {_('Told to be silent after %(ms)s ms.') % {'ms': facts['ms']}}".strip()
    return loud


def _ignored(facts: Facts) -> str:
    said = str(_IGNORED.get(facts["why"], ""))
    return f"{said} {_('Loudness %(rms)s.') % facts}".strip() if "rms" in facts else said


def _first_over(facts: Facts) -> str:
    return _("They were heard to their end.") if facts["how"] == "heard" else _("They could not be said.")


def _tool(facts: Facts) -> str:
    tool = tool_named(facts["name"])
    return str(tool.title if tool else _TOOLS.get(facts["name"], facts["name"]))


_WHY: Final[Mapping[Sort, Callable[[Facts], str]]] = {
    Sort.GREETING: _waited,
    Sort.ANSWER: _waited,
    Sort.FIRST_OVER: _first_over,
    Sort.PAUSE: _voice,
    Sort.COMMIT: _voice,
    Sort.RESUME: _voice,
    Sort.IGNORED: _ignored,
    Sort.SILENT: lambda facts: _("%(ms)s ms after it was told to be.") % facts,
    Sort.NOISE: lambda facts: _("%(voiced_ms)s ms of voice.") % facts,
    Sort.TOOL: _tool,
    Sort.TOOL_ANSWER: _tool,
    Sort.NOT_DONE: lambda facts: str(_NOT_DONE.get(facts["why"], facts["why"])),
    Sort.RETRY: lambda facts: _("Attempt %(attempt)s.") % facts,
    Sort.REFUSED: lambda facts: facts["code"],
    Sort.MODEL_LOST: lambda facts: facts["code"],
    Sort.ENDED: lambda facts: str(words.END_REASONS.get(facts["reason"], "")),
}

# The certificate ------------------------------------------------------------------------------------------
_VERDICTS: Final[Mapping[Verdict, StrOrPromise]] = {
    Verdict.HEARD_WHOLE: gettext_lazy("Heard whole"),
    Verdict.INTERRUPTED: gettext_lazy("Interrupted before its end"),
    Verdict.LEFT: gettext_lazy("The call ended before its end"),
    Verdict.CUT_SHORT: gettext_lazy("Not said to its end"),
    Verdict.MARK_EARLY: gettext_lazy("Not proven: the confirmation came too early to be true"),
    Verdict.MARK_MISSING: gettext_lazy("Not proven: the confirmation never came"),
}


def verdict(certificate: Certificate | None) -> str:
    """Returns whether a greeting was heard whole; "" for a call without greeting or certificate."""
    return str(_VERDICTS.get(certificate.verdict, "")) if certificate else ""


def verdict_at(certificate: Certificate) -> str:
    """Returns the same with its time."""
    if certificate.heard_at_s is None:
        return verdict(certificate)
    return _("Heard whole at %(seconds)s s") % {"seconds": f"{certificate.heard_at_s:.1f}"}


def proof(certificate: Certificate) -> str:
    """Returns what a certificate goes by: what was sent and confirmed, in how many attempts, and how often stopped."""
    said = [
        _("Confirmed by the phone network: %(marked)s of %(sent)s seconds.")
        % {"marked": _played(certificate.bytes_marked), "sent": _played(certificate.bytes_sent)}
    ]
    if certificate.attempts > 1:
        said.append(_("Attempts: %(attempts)s.") % {"attempts": certificate.attempts})
    said.append(_("Interruptions while it was said: %(times)s.") % {"times": certificate.interruptions})
    return " ".join(said)


def _played(size: int) -> str:
    return f"{size / BYTES_PER_SECOND:.2f}"
