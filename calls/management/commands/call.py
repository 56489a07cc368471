"""`manage.py call`: place a simulated call to the running server, as Twilio would."""

from __future__ import annotations

import asyncio
import json
import os
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from businesses.models import PhoneNumber
from businesses.public_address import served_url
from businesses.tenancy import across_businesses
from calls.models import Call
from calls.sandbox.telephone import call_report, wav_files
from calls.sandbox.telephone.media_stream import MediaStream
from calls.sandbox.telephone.placed_call import CallFailed
from calls.sandbox.telephone.trial_call import TrialPlan, place
from calls.sandbox.telephone.twilio_peer import ServerUnreachable, TwilioPeer
from calls.sandbox.voices.senses import spoken

_WORDS = "Hello. When are you open, please?"


class Command(BaseCommand):
    """Plays a call: hears the greeting, says something, hears the answer, hangs up; then prints a report."""

    help = "Place a simulated call to a business: prints a timeline and records what both sides heard."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("slug", help="the business's short name")
        speech = parser.add_mutually_exclusive_group()
        speech.add_argument("--say", default=_WORDS, metavar="TEXT", help=f"what the caller says ({_WORDS!r})")
        speech.add_argument("--wav", type=Path, metavar="FILE", help="what the caller says, as a WAV file of any rate")
        parser.add_argument("--interrupt", action="store_true", help="say it again in the middle of the answer")
        parser.add_argument(
            "--out",
            type=Path,
            default=settings.VAR_DIR / "call.wav",
            metavar="FILE.wav",
            help="the recording's file: caller left, assistant right (var/call.wav)",
        )
        parser.add_argument("--url", help="the server's address (the one that `make run` serves, else PUBLIC_URL)")
        parser.add_argument("--from", dest="from_", default="+15005550001", metavar="E164", help="the caller's number")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of the timeline")

    def handle(self, *args: Any, **options: Any) -> None:
        """Place the call."""
        number = _number(options["slug"])
        try:
            stream = asyncio.run(_call(number, options))
        except ServerUnreachable as error:
            raise CommandError(f"{error}. Start it with: make run") from error
        except wav_files.BadWav as error:
            raise CommandError(str(error)) from error
        except (CallFailed, TimeoutError) as error:
            raise CommandError(f"The call failed: {error or 'it did not go on in time'}") from error
        figures = call_report.report(stream)
        wav_files.write_stereo(options["out"], left=bytes(stream.caller.track), right=bytes(stream.playback.track))
        call_id = _recorded(stream.ids.call_sid)
        if options["json"]:
            more = {"recording": str(options["out"]), "call_id": call_id}
            self.stdout.write(json.dumps(asdict(figures) | more, ensure_ascii=False))
        else:
            for line in call_report.lines(figures):
                self.stdout.write(line)
            self.stdout.write(f"\nRecording: {options['out']}, caller left, assistant right")
            if call_id:
                self.stdout.write(f"Replay:    manage.py replay_call {call_id} --set barge_in_voice_frames=4")
        if not figures.heard:
            raise CommandError("The caller heard nothing. The server's log says what happened.")


def _number(slug: str) -> str:
    numbers = PhoneNumber.objects.filter(business__slug=slug, is_active=True)
    try:
        number = numbers.order_by("pk").values_list("number", flat=True).first()
    except DatabaseError as error:
        raise CommandError(f"The database has no businesses yet ({error}). Start with: make run") from error
    if number is None:
        raise CommandError(
            f"No business {slug!r} has a phone number. Add one: manage.py create_business {slug} --phone …"
        )
    return number


def _recorded(call_sid: str) -> str | None:
    """Returns the call's id at the server; None if the server uses another database than this command."""
    with across_businesses():  # an operator at the shell may call any business
        call_id = Call.objects.filter(twilio_call_sid=call_sid).values_list("pk", flat=True).first()
    return None if call_id is None else str(call_id)


async def _call(number: str, options: dict[str, Any]) -> MediaStream:
    url = options["url"] or served_url()
    # Twilio signs the public address. If none is configured, the server uses its own.
    public_url = os.environ.get("PUBLIC_URL", "").strip() or url
    speech = wav_files.read_as_ulaw(options["wav"]) if options["wav"] else await _spoken(options["say"])
    plan = TrialPlan(number, options["from_"], speech, interrupts=options["interrupt"])
    async with TwilioPeer(url, auth_token=settings.TWILIO_AUTH_TOKEN, public_url=public_url) as twilio:
        await twilio.check_server()
        return await place(twilio, plan)


async def _spoken(words: str) -> bytes:
    (rendering,) = await spoken(words, voice="caller")
    return rendering.as_ulaw()
