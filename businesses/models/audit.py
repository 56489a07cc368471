"""The audit log's rows: who did what in a business, when and from where. Written by `businesses.audit.record`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models.business import Business
from businesses.tenancy import BusinessManager

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class AuditKind(models.TextChoices):
    """What happened. The codes are stored, so they don't change; details are in `AuditEntry.details`."""

    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    SESSION_ENDED = "session_ended", _("Session ended")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    SECOND_FACTOR_ADDED = "second_factor_added", _("Second factor added")
    SECOND_FACTOR_REMOVED = "second_factor_removed", _("Second factor removed")
    SECOND_FACTOR_DEMANDED = "second_factor_demanded", _("Who needs a second factor was changed")
    INVITED = "invited", _("Person invited")
    INVITATION_SPENT = "invitation_spent", _("Invitation: too many wrong codes")
    INVITATION_WITHDRAWN = "invitation_withdrawn", _("Invitation withdrawn")
    MEMBER_ADDED = "member_added", _("Member added")
    MEMBER_REMOVED = "member_removed", _("Member removed")
    ROLE_CHANGED = "role_changed", _("Role changed")
    PERMISSIONS_CHANGED = "permissions_changed", _("Permissions changed")
    SETTINGS_CHANGED = "settings_changed", _("Settings changed")
    HOURS_CHANGED = "hours_changed", _("Opening hours changed")
    KNOWLEDGE_CHANGED = "knowledge_changed", _("Knowledge changed")
    LIMITS_CHANGED = "limits_changed", _("Limits changed")
    CREDENTIALS_CHANGED = "credentials_changed", _("Credentials changed")
    NUMBER_ADDED = "number_added", _("Phone number added")
    NUMBER_REMOVED = "number_removed", _("Phone number removed")
    SENDER_CHANGED = "sender_changed", _("WhatsApp number changed")
    RECORDING_HEARD = "recording_heard", _("Recording heard")
    CALL_TRANSFERRED = "call_transferred", _("Call transferred")
    CALL_ENDED = "call_ended", _("Call ended by a member")
    OUTGOING_CALL = "outgoing_call", _("Outgoing call asked for or cancelled")
    TRANSFERS_CHANGED = "transfers_changed", _("Who takes transferred calls was changed")
    CALLER_BLOCKED = "caller_blocked", _("Caller blocked")
    CALLER_UNBLOCKED = "caller_unblocked", _("Caller unblocked")
    OPT_OUT_LIFTED = "opt_out_lifted", _("Opt-out lifted")
    OPT_OUTS_IMPORTED = "opt_outs_imported", _("Opt-outs imported")
    CONTACTS_MERGED = "contacts_merged", _("Two contacts are one person: merged")
    CONTACTS_PARTED = "contacts_parted", _("Merge of two contacts undone")
    CONTACT_ADDRESS_TOLD = "contact_address_told", _("Another number of a contact entered")
    CONTACTS_DELETED = "contacts_deleted", _("Contacts deleted")
    IMPORT_UNDONE = "import_undone", _("Import of contacts undone")
    TEMPLATE_CHANGED = "template_changed", _("Message template handed over, changed or deleted")
    OPT_OUT_BUTTON_MARKED = "opt_out_button_marked", _("Opt-out button of a template changed")
    CONTACTS_EXPORTED = "contacts_exported", _("Contacts exported")
    PERSON_EXPORTED = "person_exported", _("Person's data exported")
    PERSON_ERASED = "person_erased", _("Person erased")
    BROADCAST_STARTED = "broadcast_started", _("Broadcast started")
    BROADCAST_STEERED = "broadcast_steered", _("Broadcast paused, resumed or cancelled")
    BROADCAST_SERIES = "broadcast_series", _("Recurring broadcast made, changed or paused")
    SEGMENT_CHANGED = "segment_changed", _("Segment of contacts made or changed")
    APPOINTMENT = "appointment", _("Appointment booked, moved or cancelled")
    OWN_GREETING = "own_greeting", _("Own recording of the greeting")
    RETENTION_CHANGED = "retention_changed", _("Retention changed")
    WEBHOOK_CHANGED = "webhook_changed", _("Webhook address added, changed or removed")
    API_TOKEN_MADE = "api_token_made", _("Access token made")
    CALENDAR_LINK = "calendar_link", _("Calendar joined to another program's, or parted from it")
    API_TOKEN_REVOKED = "api_token_revoked", _("Access token revoked")


def audit_kinds() -> list[tuple[str, _StrPromise]]:
    """Returns the choices of `AuditEntry.kind`; a function, so that a new kind needs no migration."""
    return AuditKind.choices


class AuditEntry(models.Model):
    """One thing that happened. Never changed afterwards: the database itself refuses (migration `audit_log`).

    The person is stored by id and name, not as a foreign key: an entry outlives an account as it was written.
    """

    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="audit_entries")
    at = models.DateTimeField(_("time"))
    kind = models.CharField(_("event"), max_length=30, choices=audit_kinds)
    person_id = models.BigIntegerField(_("person's id"), null=True, blank=True)
    person_name = models.CharField(_("person"), max_length=254, blank=True)
    address = models.GenericIPAddressField(_("network address"), null=True, blank=True)
    details: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("details"), default=dict, blank=True)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering: ClassVar[list[str]] = ["-at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "-at"], name="audit_newest_first"),
            models.Index(fields=["business", "kind", "-at"], name="audit_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.at:%Y-%m-%d %H:%M})"
