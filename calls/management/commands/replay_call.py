"""`manage.py replay_call`: replay a recorded call with the current code, and its own or other settings."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from businesses.tenancy import across_businesses, acting_for
from calls.models import Call
from calls.plan import settings_of
from calls.records import replay
from calls.records.traces import TraceLine, read_trace


class Command(BaseCommand):
    """Prints a timeline of the call, and what would be different now."""

    help = "Replay a call's trace: prints a timeline and what differs from the recording."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("call_id", type=UUID, help="the call's id, as its page and the log show it")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a setting to try, e.g. barge_in_grace_ms=0",
        )
        parser.add_argument("--words", action="store_true", help="also print what was said")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay the call."""
        call = _find(options["call_id"])
        try:
            with acting_for(call.business):
                trace = read_trace(call)
            if not trace:
                raise CommandError("This call has no trace: its stream never opened, or its process died at once.")
            settings = replay.with_changes(settings_of(call.settings), options["set"])
        except (replay.BadSetting, ValueError) as error:
            raise CommandError(str(error)) from error
        replayed = replay.replay(trace, settings, own_ticks=bool(options["set"]))
        for line in replay.timeline(replayed, with_words=options["words"]):
            self.stdout.write(line)
        self._report(trace, replayed, changed=options["set"], with_words=options["words"])

    def _report(
        self, recorded: list[TraceLine], replayed: list[TraceLine], *, changed: list[str], with_words: bool
    ) -> None:
        differences = replay.differences(recorded, replayed)
        if not differences:
            but = f"{', '.join(changed)} makes no difference to this call: " if changed else ""
            self.stdout.write(f"\n{but}{'the' if but else 'The'} same commands as in the recording.")
            return
        self.stdout.write("\nDifferent from the recording (- recorded, + replayed):")
        for difference in differences:
            for sign, lines in (("-", difference.recorded), ("+", difference.replayed)):
                for line in replay.timeline(lines, with_words=with_words):
                    self.stdout.write(f"{sign}{line}")


def _find(call_id: UUID) -> Call:
    with across_businesses():  # an operator at the shell may replay calls of any business
        call = Call.objects.select_related("business").filter(pk=call_id).first()
    if call is None:
        raise CommandError(f"There is no call {call_id}.")
    return call
