"""`manage.py call`: place a simulated call to the running server, as Twilio would."""

from __future__ import annotations

import asyncio
import json
import os
import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from businesses.models import PhoneNumber
from businesses.public_address import served_url
from businesses.tenancy import across_businesses
from calls.audio.ulaw import SAMPLE_RATE
from calls.models import Call
from calls.sandbox.telephone import call_report, wav_files
from calls.sandbox.telephone.after_the_beep import AfterTheBeep
from calls.sandbox.telephone.call_report import CallReport
from calls.sandbox.telephone.called_person import CalledPerson, Dialled, Does
from calls.sandbox.telephone.placed_call import CallFailed
from calls.sandbox.telephone.trial_call import Trial, TrialPlan, place
from calls.sandbox.telephone.twilio_peer import ServerUnreachable, TwilioPeer
from calls.sandbox.voices.senses import spoken
from calls.telephone.recorded_files import RecordedFiles

_WORDS = "Hello. When are you open, please?"


class Command(BaseCommand):
    """Plays a call: hears the greeting, says something, hears the answer, hangs up; then prints a report."""

    help = "Place a simulated call to a business: prints a timeline and records what both sides heard."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("slug", help="the business's short name")
        speech = parser.add_mutually_exclusive_group()
        speech.add_argument(
            "--say", metavar="TEXT", help=f"what the caller says ({_WORDS!r}, or nothing where keys are pressed)"
        )
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
        parser.add_argument(
            "--called",
            action="append",
            choices=[each.value for each in Does],
            metavar="WHAT",
            help="what the person does to whom the caller is put through: accepts (default), refuses, no-answer, busy, "
            "fails, voicemail, hangs-up; once more for the next number",
        )
        parser.add_argument(
            "--called-presses",
            type=_key,
            default="1",
            metavar="KEY",
            help="the key that this person presses who accepts (1)",
        )
        parser.add_argument(
            "--keys",
            action="append",
            type=_keys,
            metavar="KEYS",
            help="keys that the caller presses where keys are asked for, else after the greeting; once more for the "
            "next time, in a conversation after the answer",
        )
        parser.add_argument("--message", default="", metavar="TEXT", help="what the caller says after a beep (nothing)")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of the timeline")

    def handle(self, *args: Any, **options: Any) -> None:
        """Place the call."""
        number = _number(options["slug"])
        try:
            trial = asyncio.run(_call(number, options))
        except ServerUnreachable as error:
            raise CommandError(f"{error}. Start it with: make run") from error
        except wav_files.BadWav as error:
            raise CommandError(str(error)) from error
        except (CallFailed, TimeoutError) as error:
            raise CommandError(f"The call failed: {error or 'it did not go on in time'}") from error
        if not trial.streams:
            self._print_messages(trial, options)
            return
        figures = [call_report.report(each) for each in trial.streams]
        last = trial.streams[-1]
        wav_files.write_stereo(options["out"], left=bytes(last.caller.track), right=bytes(last.playback.track))
        call_id = _recorded(last.ids.call_sid)
        if options["json"]:
            more: dict[str, Any] = {"recording": str(options["out"]), "call_id": call_id}
            more |= {"dialled": [_dialled(each) for each in trial.dialled], "back_after_s": trial.back_after_s}
            more |= {"messages": _messages(trial), "pressed": [each.keys for each in trial.pressed]}
            self.stdout.write(json.dumps(asdict(figures[-1]) | more, ensure_ascii=False))
        else:
            for line in _lines(trial, figures):
                self.stdout.write(line)
            self.stdout.write(f"\nRecording: {options['out']}, caller left, assistant right")
            if call_id:
                self.stdout.write(f"Replay:    manage.py replay_call {call_id} --set barge_in_voice_frames=4")
        if not any(each.heard for each in figures):
            raise CommandError("The caller heard nothing. The server's log says what happened.")

    def _print_messages(self, trial: Trial, options: dict[str, Any]) -> None:
        """Report a call that no assistant took."""
        if options["json"]:
            dialled = [_dialled(each) for each in trial.dialled]
            self.stdout.write(json.dumps({"heard": [], "dialled": dialled, "messages": _messages(trial)}))
            return
        for line in _message_lines(trial):
            self.stdout.write(line)


def _keys(told: str) -> str:
    if not re.fullmatch("[0-9*#]{1,20}", told):
        raise ArgumentTypeError(f"{told!r} can't be pressed: give 1 to 20 keys out of 0 to 9, * and #")
    return told


def _key(told: str) -> str:
    if len(told) != 1:
        raise ArgumentTypeError(f"{told!r} is not one key: give one out of 0 to 9, * and #")
    return _keys(told)


def _messages(trial: Trial) -> list[dict[str, Any]]:
    return [{"recording": each.recording_sid, "seconds": len(each.audio) / SAMPLE_RATE} for each in trial.messages]


def _message_lines(trial: Trial) -> Iterator[str]:
    if not trial.streams and not trial.messages:
        yield "   message   the caller was asked for a message and said nothing; --message says something"
    for each in _messages(trial):
        yield f"   message   {each['seconds']:.1f} s after the beep; a message is on the page of tasks in a moment"


def _lines(trial: Trial, figures: list[CallReport]) -> Iterator[str]:
    yield from call_report.lines(figures[0])
    for pressed in trial.pressed:
        yield f"{pressed.at:7.2f} s  caller     presses {pressed.keys}"
    yield from _transfer_lines(trial)
    for each in figures[1:]:
        yield from call_report.lines(each)
    yield from _message_lines(trial)


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


def _dialled(dialled: Dialled) -> dict[str, Any]:
    return {"number": dialled.number, "status": dialled.status, "accepted": dialled.is_bridged, "heard": dialled.heard}


def _transfer_lines(trial: Trial) -> Iterator[str]:
    for each in trial.dialled:
        took = "takes the call" if each.is_bridged else "does not take the call"
        yield f"   transfer  {each.number} {took} ({each.status})"
        for words in dict.fromkeys(each.heard):
            yield f"             hears: {words}"
    if trial.back_after_s is not None:
        yield f"   transfer  the caller hears the assistant again {trial.back_after_s:.2f} s later"


async def _call(number: str, options: dict[str, Any]) -> Trial:
    url = options["url"] or served_url()
    # Twilio signs the public address. If none is configured, the server uses its own.
    public_url = os.environ.get("PUBLIC_URL", "").strip() or url
    keys = tuple(options["keys"] or ())
    words = options["say"] or ("" if keys else _WORDS)
    speech = wav_files.read_as_ulaw(options["wav"]) if options["wav"] else await _spoken(words) if words else b""
    people = tuple(
        CalledPerson(Does(each), key=options["called_presses"]) for each in options["called"] or ("accepts",)
    )
    message = AfterTheBeep(await _spoken(options["message"]) if options["message"] else b"")
    plan = TrialPlan(number, options["from_"], speech, options["interrupt"], people, message, RecordedFiles(), keys)
    async with TwilioPeer(url, auth_token=settings.TWILIO_AUTH_TOKEN, public_url=public_url) as twilio:
        await twilio.check_server()
        return await place(twilio, plan)


async def _spoken(words: str) -> bytes:
    (rendering,) = await spoken(words, voice="caller")
    return rendering.as_ulaw()
