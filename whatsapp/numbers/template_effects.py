"""What news of a template change for its broadcasts, whether a webhook brought them or the provider was asked."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from whatsapp.broadcasts import lifecycle
from whatsapp.errors import IllegalChange
from whatsapp.models import Broadcast, MessageTemplate
from whatsapp.sending import consequences, gates
from whatsapp.states import BroadcastStatus, PauseReason


def follow(template: MessageTemplate, now: datetime) -> None:
    """Pause its running broadcasts if they can't go on with it as it is now; resume those that waited for its approval.

    What is not running is looked at when it begins to: every wave asks the same question.
    """
    broadcasts = Broadcast.objects.filter(template=template).select_related("sender", "template", "business")
    if template.can_be_sent:
        waiting = broadcasts.filter(status=BroadcastStatus.PAUSED, pause_reason=PauseReason.TEMPLATE)
        for broadcast in waiting.exclude(resume_at=None):
            with suppress(IllegalChange):  # another process was faster
                lifecycle.resume(broadcast, now=now)
    for broadcast in broadcasts.filter(status=BroadcastStatus.RUNNING):
        if shut := gates.closed_by_template(broadcast, now):
            consequences.pause(broadcast, shut.reason, shut.because, now=now, resume_at=shut.resume_at)
