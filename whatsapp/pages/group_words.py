"""The groups of an earlier broadcast's people in words, as they end "those who …"."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from whatsapp.audience.choice import Group

GROUPS = [
    (Group.NOT_READ.value, _("received it but did not read it")),
    (Group.NOT_DELIVERED.value, _("were sent it but did not receive it")),
    (Group.FAILED_PASSING.value, _("could not get it because of a temporary problem")),
    (Group.NOT_REACHED.value, _("were not reached and may still be")),
    (Group.READ.value, _("read it")),
    (Group.REPLIED.value, _("replied")),
    (Group.NOT_REPLIED.value, _("received it but did not reply")),
]


def group_words(group: Group) -> str:
    """Returns a group in words."""
    return str(dict(GROUPS)[group.value])
