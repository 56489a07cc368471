"""Shared by the WhatsApp commands: finding the business or broadcast, and answering with one JSON object."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from businesses.audit import acting_command
from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from whatsapp.broadcasts.creation import checked_budget
from whatsapp.control.reports import status_report
from whatsapp.errors import IllegalChange, WhatsappError
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus


def business_of(slug: str) -> Business:
    """Returns the business with this short name. Raises `CommandError`."""
    business = Business.objects.filter(slug=slug).first()
    if business is None:
        known = ", ".join(Business.objects.order_by("slug").values_list("slug", flat=True)[:10])
        raise CommandError(f"There is no business “{slug}”. There are: {known or 'none yet (create_business)'}.")
    return business


@contextmanager
def broadcast_of(written: str) -> Iterator[Broadcast]:
    """Yields the broadcast with this id, acting for its business. Raises `CommandError`."""
    try:
        with across_businesses():  # commands are run by operators, who may see all; the id tells the business
            broadcast = Broadcast.objects.select_related("business").get(pk=UUID(written))
    except (ValueError, Broadcast.DoesNotExist):
        raise CommandError(
            f"There is no broadcast “{written}”. `create_broadcast` prints the id of a new one."
        ) from None
    with acting_for(broadcast.business):
        yield broadcast


def amount(written: str) -> Decimal:
    """Returns an amount of money, as the type of an option. Raises `ArgumentTypeError`."""
    try:
        return checked_budget(Decimal(written))
    except (InvalidOperation, WhatsappError):
        raise argparse.ArgumentTypeError(f"{written!r} is not an amount like 25.50") from None


def answer(command: BaseCommand, report: dict[str, Any]) -> None:
    """Print the command's one JSON object on standard output."""
    command.stdout.write(json.dumps(report, ensure_ascii=False, cls=DjangoJSONEncoder))


class BroadcastCommand(BaseCommand):
    """A command that asks for one change of a broadcast and prints its state afterwards.

    Asking for a state that it is already in is no error: a repeated command changes nothing and says so.
    """

    already: tuple[BroadcastStatus, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the broadcast's id."""
        parser.add_argument("id", metavar="ID", help="as create_broadcast printed it")

    def change(self, broadcast: Broadcast) -> None:
        """Make the change. Raises `WhatsappError`."""
        raise NotImplementedError

    def change_as_asked(self, broadcast: Broadcast, options: dict[str, Any]) -> None:
        """Make the change with the command's options; by default it has none. Raises `WhatsappError`."""
        self.change(broadcast)

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the broadcast, change it, and print its state."""
        with broadcast_of(options["id"]) as broadcast:
            self._try(lambda: self.change_as_asked(broadcast, options))
            broadcast.refresh_from_db()
            answer(self, status_report(broadcast, now=timezone.now()))

    def _try(self, change: Callable[[], None]) -> None:
        try:
            with acting_command():
                change()
        except IllegalChange as error:
            if error.current not in self.already:
                raise CommandError(str(error)) from error
            self.stderr.write(f"Nothing to do: the broadcast is “{error.current.label}”.")
        except WhatsappError as error:
            raise CommandError(str(error)) from error
