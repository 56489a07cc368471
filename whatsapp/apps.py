"""The WhatsApp app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from businesses.doctor import table


class WhatsappConfig(AppConfig):
    """Contacts, templates and broadcasts over WhatsApp: models, sending, webhooks."""

    name = "whatsapp"
    verbose_name = "WhatsApp"

    def ready(self) -> None:
        """Say what becomes of what is kept, who owns a number, who waits, which columns stay, how lists are sought."""
        from businesses import known_people  # noqa: PLC0415 - models are loaded by now, not before
        from businesses.pages import badges  # noqa: PLC0415
        from whatsapp import last_columns, lookups  # noqa: PLC0415
        from whatsapp.keeping import rules  # noqa: PLC0415
        from whatsapp.pages.conversations import count_waiting  # noqa: PLC0415
        from whatsapp.people import names  # noqa: PLC0415

        rules.register()
        known_people.register(names.find, names.search)
        badges.register("inbox", gettext_lazy("people wait for a reply"), count_waiting)
        table.look_in("whatsapp.doctor.keys", "whatsapp.doctor.numbers")
        last_columns.keep(self)
        lookups.register()
