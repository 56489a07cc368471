"""A business's WhatsApp numbers, and its messaging settings."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from businesses.audit import AuditKind, record
from businesses.changes import changes
from businesses.fence.fenced_admin import MEMBERS, OWNERS, FencedAdmin
from businesses.fence.fenced_form import FencedForm
from businesses.fence.sections import Section
from whatsapp.broadcasts.reasons import reason_words
from whatsapp.errors import WhatsappError
from whatsapp.models import MessagingSettings, Provider, Sender, SenderHealth
from whatsapp.numbers import connecting, disconnecting, template_sync
from whatsapp.numbers.connecting import ALREADY_CONNECTED, NO_ID, is_id, known_secrets, secrets_of
from whatsapp.providers.base import ProviderUnavailable
from whatsapp.reasons import Cause, reason


class SenderForm(FencedForm):
    """A number and its secret, which can be written but is never shown."""

    instance: Sender

    secret = forms.CharField(
        label=_("access token"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "size": 60}),
        help_text=_("Meta: a system user's access token. Twilio: the auth token. Leave empty to keep it as it is."),
    )

    class Meta:
        model = Sender
        fields = (
            "business",
            "provider",
            "number_id",
            "account_id",
            "portfolio_id",
            "phone",
            "display_name",
            "max_mps",
            "messaging_limit",
        )

    def clean(self) -> dict[str, Any]:
        """Refuse what can't be an id, a number that the business has already, and a new number without its secret."""
        values = super().clean() or {}
        wrong = [name for name in ("number_id", "account_id") if values.get(name) and not is_id(values[name])]
        if wrong:
            raise ValidationError({name: NO_ID % {"id": values[name]} for name in wrong})
        provider = values.get("provider")
        business = values.get("business") or self.instance.business_id
        same = Sender.objects.filter(business=business, provider=provider, number_id=values.get("number_id"))
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError({"number_id": ALREADY_CONNECTED})
        if provider == Provider.SANDBOX and not settings.DEBUG:
            raise ValidationError({"provider": Cause.SANDBOX_OFF.label})
        is_new = not self.instance.encrypted_credentials
        if is_new and not values.get("secret") and provider != Provider.SANDBOX:
            raise ValidationError({"secret": _("A new number needs its access token.")})
        return values


@admin.register(Sender)
class SenderAdmin(FencedAdmin):
    """A business's numbers: staff may look at them, owners connect them.

    What is typed becomes active only after the provider has confirmed it. From then on it can't be edited: another
    number or account is another row with a proof of its own, and another token has to be confirmed before it is kept.
    """

    form = SenderForm
    section = Section.MESSAGES
    about = _("The numbers you write from, and their state.")
    view_roles = MEMBERS
    add_roles = change_roles = delete_roles = OWNERS
    list_display = ("__str__", "provider", "phone", "quality", "health", "what_is_wrong")
    list_filter = ("provider", "health", "quality")
    list_select_related = ("business",)
    search_fields = ("phone", "display_name", "number_id")
    readonly_fields = ("quality", "health", "what_is_wrong", "throughput_mps", "last_status_event_at", "checked_at")
    labels: ClassVar[dict[str, Any]] = {"last_status_event_at": _("last report"), "checked_at": _("last asked")}
    actions = ("check_numbers", "sync_templates")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """Returns what identifies the number as read-only once it exists, and all of it once it is proved."""
        if not isinstance(obj, Sender):
            return self.readonly_fields
        proved = ("account_id", "phone") if obj.is_proved else ()
        return (*self.readonly_fields, "business", "provider", "number_id", *proved)

    @admin.display(description=_("what is wrong"))
    def what_is_wrong(self, sender: Sender) -> str:
        """Returns why the number needs attention, in words."""
        return reason_words(sender)

    def web_page(self, obj: Sender) -> str:
        """Returns the address of the page that says what to enter at WhatsApp."""
        return reverse("senders", args=[obj.business.slug])

    def save_model(self, request: HttpRequest, obj: Sender, form: Any, change: bool) -> None:
        """Save, and have the provider confirm it afterwards: it may take seconds, too long for a transaction."""
        secret = form.cleaned_data.get("secret")
        if not obj.is_proved:
            if secret:
                obj.set_credentials({**known_secrets(obj), **secrets_of(obj.provider, obj.account_id, token=secret)})
                record(obj.business, AuditKind.CREDENTIALS_CHANGED, sender=str(obj.pk))
            why = reason(Cause.NOT_PROVED)
            obj.health, obj.cause, obj.cause_data = SenderHealth.BLOCKED, why.cause, {}
        super().save_model(request, obj, form, change)
        if secret or not obj.is_proved:
            transaction.on_commit(lambda: self._confirm(request, obj, secret or ""))

    def delete_model(self, request: HttpRequest, obj: Sender) -> None:
        """Remove the number, and note it."""
        disconnecting.note_removal(obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Sender]) -> None:
        """Remove the marked numbers, and note it."""
        for sender in queryset.select_related("business"):
            disconnecting.note_removal(sender)
        super().delete_queryset(request, queryset)

    def _confirm(self, request: HttpRequest, sender: Sender, secret: str) -> None:
        """Ask the provider for the number, with the new secret if there is one, and tell the person what it said."""
        try:
            if sender.is_proved:
                connecting.replace_secret(sender, secret, now=timezone.now())
            else:
                connecting.check(sender, now=timezone.now())
            messages.success(request, _("%(number)s was confirmed and is active.") % {"number": sender})
        except ProviderUnavailable as error:
            text = (
                _("%(number)s goes on with its old token, because the new one was not confirmed: %(why)s")
                if sender.proved_account_id
                else _("%(number)s is kept, but is not active yet: %(why)s")
            )
            messages.error(request, text % {"number": sender, "why": error})
        except WhatsappError as error:
            messages.error(request, f"{sender}: {error}")

    @admin.action(description=_("Check the numbers with the provider"), permissions=["change"])
    def check_numbers(self, request: HttpRequest, queryset: models.QuerySet[Sender]) -> None:
        """Ask the provider for throughput, limit and quality of the marked numbers."""
        for sender in queryset:
            try:
                connecting.check(sender, now=timezone.now())
                messages.success(request, _("%(number)s was checked.") % {"number": sender})
            except (WhatsappError, ProviderUnavailable) as error:
                messages.error(request, f"{sender}: {error}")

    @admin.action(description=_("Fetch the templates"), permissions=["change"])
    def sync_templates(self, request: HttpRequest, queryset: models.QuerySet[Sender]) -> None:
        """Fetch the templates of the accounts of the marked numbers."""
        for sender in queryset.select_related("business"):
            try:
                result = template_sync.sync(sender, now=timezone.now())
            except ProviderUnavailable as error:
                messages.error(request, f"{sender}: {error}")
                continue
            text = _("%(number)s: %(added)d new, %(changed)d changed, %(gone)d gone.")
            values = {"number": sender, "added": result.added, "changed": result.changed, "gone": result.gone}
            messages.success(request, text % values)


@admin.register(MessagingSettings)
class MessagingSettingsAdmin(FencedAdmin):
    """A business's messaging settings."""

    section = Section.MESSAGES
    about = _("What counts as opting out, the answers to it, and how late a broadcast may start.")
    view_roles = MEMBERS
    add_roles = change_roles = OWNERS
    list_display = ("__str__", "unknown_policy", "late_after_minutes")
    list_select_related = ("business",)

    def save_model(self, request: HttpRequest, obj: MessagingSettings, form: Any, change: bool) -> None:
        """Save the settings, and note what has changed."""
        with transaction.atomic():
            before = MessagingSettings.objects.filter(pk=obj.pk).first() or MessagingSettings(business=obj.business)
            obj.save()
            if differences := changes(before, obj):
                record(obj.business, AuditKind.SETTINGS_CHANGED, of="whatsapp.MessagingSettings", changes=differences)
