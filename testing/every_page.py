"""All addresses of the installation and who may request them: one line for each page.

`tests/test_every_page.py` fails if an address has no line here, and requests each as every person who may not see it.
Pages marked `LOOK` are made to be looked at: they are also requested as people who may see them, and a browser visits
each with every row of `testing/demo_data`. Pages marked `WAY` are reached through other pages (`testing/ways.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

OWNERS, MEMBERS = "owners", "members"
"""Who may see the page: owners only, or owners and staff. Everybody else gets a 404."""
PERSON, OPERATOR, ANYBODY, ITSELF = "person", "operator", "anybody", "itself"
"""Anybody signed in; operators, with a 404 for others; everyone; or requests that are checked otherwise (signatures,
tokens) and have their own tests."""


@dataclass(frozen=True, slots=True)
class Page:
    """One address. `row` names the model of the row in it.

    `look`: the page is made to be looked at. `by_way`: likewise, but it is reached only through other pages.
    """

    name: str
    who: str
    row: str = ""
    post: bool = False
    look: bool = False
    by_way: bool = False


def page(name: str, who: str, row: str = "", *options: str) -> Page:
    """Returns a line of the table."""
    return Page(name, who, row, post="POST" in options, look="LOOK" in options, by_way="WAY" in options)


PAGES = [
    page("home", MEMBERS, "", "LOOK"),
    page("settings", OWNERS, "", "LOOK"),
    page("hours", OWNERS, "", "LOOK"),
    page("hours-add", OWNERS, "", "POST"),
    page("hours-holidays", OWNERS, "", "POST"),
    page("hours-remove", OWNERS, "businesses.SpecialDays", "POST"),
    page("hours-restore", OWNERS, "businesses.SpecialDays", "POST"),
    page("keeping", OWNERS, "", "LOOK"),
    page("person", OWNERS, "", "POST"),
    page("erasure", OWNERS, "businesses.Erasure", "LOOK"),
    page("members", OWNERS, "", "LOOK"),
    page("audit", OWNERS, "", "LOOK"),
    page("audit-export", OWNERS),
    page("member-invite", OWNERS, "", "POST"),
    page("member-second-factor", OWNERS, "", "POST"),
    page("member-role", OWNERS, "businesses.Membership", "POST"),
    page("member-permissions", OWNERS, "businesses.Membership", "POST"),
    page("member-remove", OWNERS, "businesses.Membership", "POST"),
    page("invitation-withdraw", OWNERS, "businesses.Invitation", "POST"),
    # Calls
    page("calls", MEMBERS, "", "LOOK"),
    page("calls-export", MEMBERS),
    page("live-calls", MEMBERS, "", "LOOK"),
    page("try-call", MEMBERS, "", "LOOK"),
    page("try-start", MEMBERS, "", "POST"),
    page("blocked-callers", MEMBERS, "", "LOOK"),
    page("caller-block", MEMBERS, "", "POST"),
    page("caller-unblock", MEMBERS, "calls.BlockedCaller", "POST"),
    page("transfers", OWNERS, "", "LOOK"),
    page("transfer-target-add", OWNERS, "", "POST"),
    page("transfer-target", OWNERS, "calls.TransferTarget", "LOOK"),
    page("transfer-target-up", OWNERS, "calls.TransferTarget", "POST"),
    page("transfer-target-remove", OWNERS, "calls.TransferTarget", "POST"),
    page("assistant-tools", OWNERS, "", "LOOK"),
    page("greeting-state", OWNERS, "", "LOOK"),
    page("greeting-again", OWNERS, "", "POST"),
    page("greeting-own", OWNERS, "", "POST"),
    page("greeting-own-accept", OWNERS, "", "POST"),
    page("greeting-own-discard", OWNERS, "", "POST"),
    page("greeting-own-remove", OWNERS, "", "POST"),
    page("call", MEMBERS, "calls.Call", "LOOK"),
    page("call-turns", MEMBERS, "calls.Call"),
    page("call-hang-up", MEMBERS, "calls.Call", "POST"),
    page("call-transfer", MEMBERS, "calls.Call", "POST"),
    page("call-recording", MEMBERS, "calls.Call"),
    page("call-person", OWNERS, "calls.Call", "LOOK"),
    page("after-calls", OWNERS, "", "LOOK"),
    page("tasks", MEMBERS, "", "LOOK"),
    page("task-done", MEMBERS, "calls.Task", "POST"),
    page("task-reopen", MEMBERS, "calls.Task", "POST"),
    page("task-give", MEMBERS, "calls.Task", "POST"),
    page("figures", MEMBERS, "", "LOOK"),
    # Broadcasts
    page("broadcasts", MEMBERS, "", "LOOK"),
    page("broadcast-new", MEMBERS, "", "LOOK"),
    page("broadcast-new-people", MEMBERS),
    page("broadcast-new-details", MEMBERS),
    page("broadcast-edit", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-edit-template", MEMBERS, "whatsapp.Broadcast", "LOOK"),
    page("broadcast-edit-people", MEMBERS, "whatsapp.Broadcast", "WAY"),
    page("broadcast-edit-details", MEMBERS, "whatsapp.Broadcast", "WAY"),
    page("broadcast-count", MEMBERS, "whatsapp.Broadcast"),
    page("broadcast-duplicate", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("series-list", MEMBERS, "", "LOOK"),
    page("series", MEMBERS, "whatsapp.BroadcastSeries", "LOOK"),
    page("series-start", MEMBERS, "whatsapp.BroadcastSeries", "POST"),
    page("series-pause", MEMBERS, "whatsapp.BroadcastSeries", "POST"),
    page("series-resume", MEMBERS, "whatsapp.BroadcastSeries", "POST"),
    page("series-stop", MEMBERS, "whatsapp.BroadcastSeries", "POST"),
    page("series-edit", MEMBERS, "whatsapp.BroadcastSeries", "POST"),
    page("broadcast", MEMBERS, "whatsapp.Broadcast", "LOOK"),
    page("broadcast-progress", MEMBERS, "whatsapp.Broadcast"),
    page("broadcast-people", MEMBERS, "whatsapp.Broadcast", "LOOK"),
    page("broadcast-export", MEMBERS, "whatsapp.Broadcast"),
    page("broadcast-start", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-undo", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-pause", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-resume", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-accept-category", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-cancel", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-retry", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-result", MEMBERS, "whatsapp.Broadcast", "LOOK"),
    page("broadcast-follow-up", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-give-up", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-discard", MEMBERS, "whatsapp.Broadcast", "POST"),
    page("broadcast-test", MEMBERS, "whatsapp.Broadcast", "POST"),
    # People
    page("contacts", MEMBERS, "", "LOOK"),
    page("contact-new", MEMBERS, "", "LOOK"),
    page("contacts-tag", MEMBERS, "", "POST"),
    page("contacts-all", MEMBERS, "", "LOOK"),
    page("contacts-export", MEMBERS),
    page("contacts-import", MEMBERS, "", "LOOK"),
    page("contacts-import-columns", MEMBERS, "whatsapp.ContactImport", "WAY"),
    page("contacts-import-result", MEMBERS, "whatsapp.ContactImport", "WAY"),
    page("contacts-import-progress", MEMBERS, "whatsapp.ContactImport"),
    page("contacts-import-cancel", MEMBERS, "whatsapp.ContactImport", "POST"),
    page("contacts-import-undo", MEMBERS, "whatsapp.ContactImport", "POST"),
    page("contacts-import-rejected", MEMBERS, "whatsapp.ContactImport"),
    page("segments", MEMBERS, "", "LOOK"),
    page("segment-new", MEMBERS, "", "LOOK"),
    page("segment-count", MEMBERS),
    page("segment", MEMBERS, "whatsapp.Segment", "LOOK"),
    page("segment-remove", MEMBERS, "whatsapp.Segment", "POST"),
    page("suppressions", MEMBERS, "", "LOOK"),
    page("suppression-add", MEMBERS, "", "POST"),
    page("suppressions-export", MEMBERS),
    page("suppressions-import", MEMBERS, "", "LOOK"),
    page("suppression-remove", MEMBERS, "whatsapp.Suppression", "POST"),
    page("contact", MEMBERS, "whatsapp.Contact", "LOOK"),
    page("contact-facts", MEMBERS, "whatsapp.Contact", "POST"),
    page("contact-number", MEMBERS, "whatsapp.Contact", "POST"),
    page("contact-tag", MEMBERS, "whatsapp.Contact", "POST"),
    page("contact-untag", MEMBERS, "whatsapp.Contact", "POST"),
    page("contact-agree", MEMBERS, "whatsapp.Contact", "POST"),
    page("contact-suppress", MEMBERS, "whatsapp.Contact", "POST"),
    page("contact-lift", MEMBERS, "whatsapp.Contact", "POST"),
    page("contact-part", MEMBERS, "whatsapp.Contact", "POST"),
    page("contact-person", OWNERS, "whatsapp.Contact", "LOOK"),
    page("inbox", MEMBERS, "", "LOOK"),
    page("thread", MEMBERS, "whatsapp.Contact", "LOOK"),
    page("thread-messages", MEMBERS, "whatsapp.Contact"),
    page("thread-list", MEMBERS, "whatsapp.Contact"),
    page("thread-answer", MEMBERS, "whatsapp.Contact", "POST"),
    page("thread-template", MEMBERS, "whatsapp.Contact", "LOOK"),
    page("thread-settle", MEMBERS, "whatsapp.Contact", "POST"),
    page("thread-assign", MEMBERS, "whatsapp.Contact", "POST"),
    page("thread-note", MEMBERS, "whatsapp.Contact", "POST"),
    page("thread-note-remove", MEMBERS, "whatsapp.Contact", "POST"),
    page("thread-reopen", MEMBERS, "whatsapp.Contact", "POST"),
    page("media", MEMBERS, "whatsapp.InboundMedia"),
    page("media-again", MEMBERS, "whatsapp.InboundMedia", "POST"),
    page("quick-replies", MEMBERS, "", "LOOK"),
    page("quick-reply-add", MEMBERS, "", "POST"),
    page("quick-reply-change", MEMBERS, "whatsapp.QuickReply", "POST"),
    page("quick-reply-remove", MEMBERS, "whatsapp.QuickReply", "POST"),
    page("templates", MEMBERS, "", "LOOK"),
    page("templates-fetch", MEMBERS, "", "POST"),
    page("template", MEMBERS, "whatsapp.MessageTemplate", "LOOK"),
    page("template-new", OWNERS, "", "LOOK"),
    page("template-preview", OWNERS, "", "POST"),
    page("template-change", OWNERS, "whatsapp.MessageTemplate", "LOOK"),
    page("template-delete", OWNERS, "whatsapp.MessageTemplate", "POST"),
    page("template-status", MEMBERS, "whatsapp.MessageTemplate"),
    page("template-button", OWNERS, "whatsapp.MessageTemplate", "POST"),
    page("senders", MEMBERS, "", "LOOK"),
    page("sender-try", OWNERS, "", "POST"),
    page("sender-check", OWNERS, "whatsapp.Sender", "POST"),
    page("sender-connect", OWNERS, "", "LOOK"),
    page("sender", OWNERS, "whatsapp.Sender", "LOOK"),
    page("sender-correct", OWNERS, "whatsapp.Sender", "LOOK"),
    page("sender-token", OWNERS, "whatsapp.Sender", "POST"),
    page("sender-disconnect", OWNERS, "whatsapp.Sender", "POST"),
    # A person's own account
    page("start", PERSON),
    page("sessions", PERSON, "", "LOOK"),
    page("sessions-end", PERSON, "", "POST"),
    page("usersessions_list", PERSON),
    page("mfa_index", PERSON, "", "LOOK"),
    page("mfa_activate_totp", PERSON, "", "WAY"),
    page("mfa_deactivate_totp", PERSON),
    page("mfa_view_recovery_codes", PERSON),
    page("mfa_generate_recovery_codes", PERSON),
    page("mfa_download_recovery_codes", PERSON),
    page("mfa_reauthenticate", PERSON),
    page("account_reauthenticate", PERSON),
    page("account_request_reauthentication_code", PERSON),
    page("account_confirm_reauthentication_code", PERSON),
    page("account_change_password", PERSON, "", "LOOK"),
    page("account_set_password", PERSON),
    page("account_email", PERSON),
    page("operator", OPERATOR, "", "LOOK"),
    # Signing in, and requests by machines
    page("account_login", ANYBODY, "", "LOOK"),
    page("account_logout", ANYBODY, "", "WAY"),
    page("account_inactive", ANYBODY),
    page("account_signup", ANYBODY),
    page("account_reset_password", ANYBODY, "", "LOOK"),
    page("account_reset_password_done", ANYBODY, "", "LOOK"),
    page("account_reset_password_from_key", ITSELF),
    page("account_reset_password_from_key_done", ANYBODY),
    page("account_email_verification_sent", ANYBODY),
    page("account_confirm_email", ITSELF),
    page("account_confirm_login_code", ITSELF),
    page("mfa_authenticate", ITSELF),
    page("mfa_trust", ITSELF),
    page("join", ITSELF, "businesses.Invitation", "LOOK"),
    page("set_language", ANYBODY, "", "POST"),
    page("healthz", ANYBODY),
    page("readyz", ANYBODY),
    page("metrics", ITSELF),
    page("twilio-voice", ITSELF),
    page("twilio-after", ITSELF),
    page("twilio-status", ITSELF),
    page("twilio-rang", ITSELF),
    page("twilio-whisper", ITSELF),
    page("twilio-key", ITSELF),
    page("greeting-audio", ITSELF),
    page("whatsapp-webhook-cloud", ITSELF),
    page("whatsapp-webhook-twilio", ITSELF),
]
BY_NAME: dict[str, Any] = {each.name: each for each in PAGES}

ADMIN = (
    "businesses.Business",
    "businesses.Membership",
    "businesses.SpecialDays",
    "businesses.WeekHours",
    "calls.Call",
    "calls.TransferTarget",
    "calls.Task",
    "whatsapp.Broadcast",
    "whatsapp.BroadcastSeries",
    "whatsapp.Contact",
    "whatsapp.MessageTemplate",
    "whatsapp.Segment",
    "whatsapp.Sender",
    "whatsapp.Suppression",
)
"""Models of which a browser visits the admin's list, the form for a new row (if any), and a row."""
ERRORS = ("400", "403", "403_csrf", "404", "429", "500", "507")
"""The templates of error pages."""
