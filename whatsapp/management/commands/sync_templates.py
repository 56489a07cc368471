"""Fetch a business's message templates from its WhatsApp providers."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from businesses.tenancy import acting_for
from whatsapp.errors import WhatsappError
from whatsapp.management.asking import answer, business_of
from whatsapp.models import MessageTemplate, Sender
from whatsapp.numbers import template_sync
from whatsapp.numbers.connecting import check, senders_of, waiting_of
from whatsapp.providers.base import ProviderUnavailable


class Command(BaseCommand):
    """Prints one JSON object with what has changed, and all current templates."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the business's short name."""
        parser.add_argument("slug", metavar="SLUG", help="short name of the business")

    def handle(self, *args: Any, **options: Any) -> None:
        """Have the numbers confirmed that wait for it, and fetch the templates of each account once."""
        business = business_of(options["slug"])
        with acting_for(business):
            for waiting in waiting_of(business):
                self._prove(waiting)
            try:
                accounts = {(sender.provider, sender.account_id): sender for sender in senders_of(business)}
            except WhatsappError as error:
                raise CommandError(str(error)) from error
            synced = [self._sync(sender) for sender in accounts.values()]
            templates = MessageTemplate.objects.filter(business=business)
            answer(
                self,
                {
                    "business": business.slug,
                    **{key: sum(result[key] for result in synced) for key in ("added", "changed", "unchanged", "gone")},
                    "templates": list(templates.values("name", "language", "category", "status", "version")),
                },
            )

    def _prove(self, sender: Sender) -> None:
        self.stderr.write(f"Asking {sender.get_provider_display()} to confirm {sender} ...")
        try:
            check(sender, now=timezone.now(), vouched=True)
        except (WhatsappError, ProviderUnavailable) as error:
            self.stderr.write(f"{sender} is not active: {error}")

    def _sync(self, sender: Sender) -> dict[str, int]:
        self.stderr.write(f"Asking {sender.get_provider_display()} for the templates of {sender} ...")
        try:
            result = template_sync.sync(sender, now=timezone.now())
        except ProviderUnavailable as error:
            raise CommandError(f"{sender}: {error}") from error
        return {"added": result.added, "changed": result.changed, "unchanged": result.unchanged, "gone": result.gone}
