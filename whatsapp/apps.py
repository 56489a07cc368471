"""The WhatsApp app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from businesses.doctor import table

if TYPE_CHECKING:
    from businesses.messenger import Messenger


class WhatsappConfig(AppConfig):
    """Contacts, templates and broadcasts over WhatsApp: models, sending, webhooks."""

    name = "whatsapp"
    verbose_name = "WhatsApp"

    def ready(self) -> None:
        """Say what becomes of what is kept, who owns a number, who waits, how people are written to."""
        from businesses import known_people, messenger  # noqa: PLC0415 - models are loaded by now, not before
        from businesses.pages import badges  # noqa: PLC0415
        from businesses.polls import table as polls  # noqa: PLC0415
        from whatsapp import last_columns, lookups  # noqa: PLC0415
        from whatsapp.keeping import rules  # noqa: PLC0415
        from whatsapp.pages.conversations import count_waiting  # noqa: PLC0415
        from whatsapp.people import address_book, names  # noqa: PLC0415

        rules.register()
        known_people.register(names.find, names.search)
        known_people.keep(address_book.Contacts())
        messenger.register(_messenger)
        badges.register("inbox", gettext_lazy("people wait for a reply"), count_waiting)
        table.look_in("whatsapp.doctor.keys", "whatsapp.doctor.numbers")
        polls.look_in("whatsapp.polls")
        last_columns.keep(self)
        lookups.register()


def _messenger() -> Messenger:
    from whatsapp.inbox.messenger import WhatsappMessenger  # noqa: PLC0415 - it loads all that a message needs

    return WhatsappMessenger()
