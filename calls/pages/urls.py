"""Addresses of a business's calls, below /b/<slug>/calls/, and of those pages about calls that stand beside."""

from django.urls import path

from businesses.pages import persons
from calls.pages import (
    blocked,
    by_phone,
    call,
    call_export,
    calls,
    figures,
    greeting,
    live,
    outgoing,
    tools,
    transfers,
    try_call,
    tuning,
    voicemail,
)

urlpatterns = [
    path("", calls.calls, name="calls"),
    path("calls.csv", call_export.export, name="calls-export"),
    path("live/", live.live, name="live-calls"),
    path("try/", try_call.try_call, name="try-call"),
    path("try/start/", try_call.start, name="try-start"),
    path("blocked/", blocked.blocked, name="blocked-callers"),
    path("blocked/add/", blocked.block, name="caller-block"),
    path("blocked/<uuid:blocked_id>/remove/", blocked.unblock, name="caller-unblock"),
    path("transfers/", transfers.transfers, name="transfers"),
    path("transfers/add/", transfers.add, name="transfer-target-add"),
    path("transfers/<uuid:target_id>/", transfers.transfer_target, name="transfer-target"),
    path("transfers/<uuid:target_id>/up/", transfers.move_up, name="transfer-target-up"),
    path("transfers/<uuid:target_id>/remove/", transfers.remove, name="transfer-target-remove"),
    path("outgoing/", outgoing.outgoing_calls, name="outgoing-calls"),
    path("outgoing/ask/", outgoing.ask, name="outgoing-ask"),
    path("outgoing/<uuid:outgoing_id>/cancel/", outgoing.cancel, name="outgoing-cancel"),
    path("tools/", tools.tools, name="assistant-tools"),
    path("greeting/", greeting.state, name="greeting-state"),
    path("greeting/heard/<str:when>.wav", greeting.heard, name="greeting-heard"),
    path("greeting/again/", greeting.again, name="greeting-again"),
    path("greeting/phone/", by_phone.begin, name="greeting-by-phone"),
    path("greeting/phone/cancel/", by_phone.cancel, name="greeting-by-phone-cancel"),
    path("greeting/own/", greeting.upload, name="greeting-own"),
    path("greeting/own/accept/", greeting.accept, name="greeting-own-accept"),
    path("greeting/own/discard/", greeting.discard, name="greeting-own-discard"),
    path("greeting/own/undo/", greeting.undo, name="greeting-own-undo"),
    path("greeting/own/remove/", greeting.remove, name="greeting-own-remove"),
    path("voicemail/<uuid:voicemail_id>.wav", voicemail.sound, name="voicemail-sound"),
    path("<uuid:call_id>/", call.call, name="call"),
    path("<uuid:call_id>/turns/", call.turns, name="call-turns"),
    path("<uuid:call_id>/hang-up/", live.hang_up, name="call-hang-up"),
    path("<uuid:call_id>/transfer/", live.transfer, name="call-transfer"),
    path("<uuid:call_id>/person/", persons.person_of_row, {"sort": "call"}, name="call-person"),
    path("<uuid:call_id>/recording.wav", call.recording, name="call-recording"),
]

beside = [
    path("figures/", figures.figures, name="figures"),
    path("tuning/", tuning.tuning, name="tuning"),
    path("tuning/<uuid:tuning_id>/", tuning.run, name="tuning-run"),
    path("tuning/<uuid:tuning_id>/apply/", tuning.apply, name="tuning-apply"),
    path("tuning/<uuid:tuning_id>/undo/", tuning.undo, name="tuning-undo"),
]
"""Below /b/<slug>/."""
