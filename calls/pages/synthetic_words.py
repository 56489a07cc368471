"""How the installation's last call to itself went, in words for operators."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from calls.models import SyntheticCall, SyntheticFault, SyntheticSkip

FAULTS = {
    SyntheticFault.UNREACHABLE: _("Nothing answers at PUBLIC_URL."),
    SyntheticFault.REFUSED: _("The call was not put through to the assistant. The log says why."),
    SyntheticFault.NO_RECORDING: _("The greeting could not be recorded, so no call was made."),
    SyntheticFault.NO_GREETING: _("The caller heard nothing."),
    SyntheticFault.GREETING_CUT: _("The caller did not hear the whole greeting."),
    SyntheticFault.NO_ANSWER: _("The caller's question was not answered."),
    SyntheticFault.NOT_INTERRUPTED: _("The assistant went on while the caller spoke."),
    SyntheticFault.BROKE_OFF: _("The call broke off, or Twilio would have complained."),
}
SKIPS = {
    SyntheticSkip.FULL: _("The last one was left out: no process had two lines free."),
    SyntheticSkip.DRAINING: _("The last one was left out: all processes were stopping."),
}


def fault_words(last: SyntheticCall) -> str:
    """Returns what was wrong; "" if nothing was. A newer version may have codes that this one does not know."""
    if not last.fault:
        return ""
    return str(FAULTS[SyntheticFault(last.fault)]) if last.fault in SyntheticFault.values else last.fault


def skip_words(last: SyntheticCall) -> str:
    """Returns why the newest one was left out; "" if it was not."""
    return str(SKIPS[SyntheticSkip(last.skipped)]) if last.skipped in SyntheticSkip.values else ""
