"""Talking to the assistant from the browser: a call like any other, with the browser in Twilio's place."""

from __future__ import annotations

from contextlib import suppress
from time import sleep
from uuid import uuid4

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses.models import User
from businesses.pages.access import PageRequest, business_page
from calls import mailbox
from calls.conversation.commands import NextStep
from calls.line import live_control
from calls.models import Call, CallStatus
from calls.telephone import intake
from calls.telephone.intake import Admitted, Refusal, Refused
from calls.telephone.twilio import MEDIA_PATH, TOKEN_PARAMETER

EARLIER_TRIAL_S, LOOK_AGAIN_S = 3.0, 0.25


@require_safe
@business_page(section="try-call")
def try_call(request: PageRequest) -> HttpResponse:
    """The page with the microphone; without one it says how to call."""
    numbers = request.business.phone_numbers.filter(is_active=True).order_by("pk")
    return render(request, "calls/try.html", {"numbers": numbers, "media_path": MEDIA_PATH})


@business_page(section="try-call", action_of="try-call")
def start(request: PageRequest) -> HttpResponse:
    """Take the call in, and give the page what Twilio would get: the key to a media stream.

    `lost` in the form is the id of a call whose connection the page has just lost.
    """
    _end_lost_trial(request, call_sid=request.POST.get("lost", ""))
    _wait_for_earlier_trial(request.user)
    call_sid = f"browser-{uuid4().hex}"
    admission = intake.take_in_from_browser(request.business, call_id=call_sid, person=request.user, now=timezone.now())
    match admission:
        case Admitted(call, token):
            place = {"slug": request.business.slug, "call_id": call.pk}
            answer = JsonResponse(
                {
                    "callSid": call_sid,
                    "parameters": {TOKEN_PARAMETER: token},
                    "turns": reverse("call-turns", kwargs=place),
                    "page": reverse("call", kwargs=place),
                }
            )
        case Refused(refusal=refusal):
            answer = JsonResponse({"error": _why_not(refusal)}, status=409)
        case _:  # an id that is used for the first time has no other answer
            raise AssertionError(admission)
    answer["Cache-Control"] = "no-store"
    return answer


def _end_lost_trial(request: PageRequest, *, call_sid: str) -> None:
    """Have the call ended, should its process not have noticed: a network that is gone closes no connection."""
    lost = Call.objects.filter(
        business=request.business, placed_by=request.user, twilio_call_sid=call_sid, status=CallStatus.LIVE
    )
    for call in lost:
        with suppress(mailbox.NotReached):  # then its process ends it for want of frames
            live_control.ask(call.pk, NextStep.HANG_UP)


def _wait_for_earlier_trial(person: User) -> None:
    """Give a trial whose connection was just lost the time to end: its process notices a moment after the page."""
    for _attempt in range(round(EARLIER_TRIAL_S / LOOK_AGAIN_S)):
        if not intake.trial_is_running(person, now=timezone.now()):
            return
        sleep(LOOK_AGAIN_S)


def _why_not(refusal: Refusal) -> str:
    match refusal:
        case Refusal.NO_MINUTES:
            return _("No paid minutes are left.")
        case Refusal.DAY_LIMIT:
            return _("A limit of today's calls is reached. Tomorrow the assistant answers again.")
        case Refusal.ALL_BUSY:
            return _("All lines are busy. Try again when a call has ended.")
        case Refusal.TRIAL_RUNNING:
            return _("You are trying the assistant in another window already. End that call first.")
        case Refusal.NOT_IN_SERVICE | Refusal.BLOCKED | Refusal.CLOSED:  # a trial is never the last
            return _("The business or its number is switched off.")
