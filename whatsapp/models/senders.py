"""A business's WhatsApp numbers at their providers, and its messaging settings."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.credentials import decrypt, encrypt
from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.budget import budget_field
from whatsapp.models.reasons import KeepsReason

APP_KEY_LENGTH = 40


def app_key_of(app_secret: str) -> str:
    """Returns a name for the Meta app with this secret, from which the secret can't be told; "" for no secret."""
    return hashlib.sha256(f"app:{app_secret}".encode()).hexdigest()[:APP_KEY_LENGTH] if app_secret else ""


class Provider(models.TextChoices):
    """The service that carries the messages."""

    CLOUD = "cloud", _("Meta Cloud API")
    TWILIO = "twilio", _("Twilio")
    SANDBOX = "sandbox", _("Sandbox (nothing leaves this machine)")


class Quality(models.TextChoices):
    """Meta's rating of a number or template, based on how people respond to its messages."""

    GREEN = "GREEN", _("High")
    YELLOW = "YELLOW", _("Medium")
    RED = "RED", _("Low")
    UNKNOWN = "UNKNOWN", _("Not rated")


class SenderHealth(models.TextChoices):
    """Whether a number may be used."""

    READY = "ready", _("Ready")
    BLOCKED = "blocked", _("Needs attention")


class ProvedAccount(models.Model):
    """An account at a provider, and the one business that has proved that it is theirs.

    A row exists only after the provider itself answered for a token, a number and the account together
    (`numbers.proving`). Numbers that wait for their proof have none, so they stand in nobody's way.
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="proved_accounts")
    provider = models.CharField(max_length=10, choices=Provider.choices)
    account_id = models.CharField(max_length=64)
    proved_at = models.DateTimeField()
    templates_asked_at = models.DateTimeField(null=True, editable=False)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_proved_accounts"
        verbose_name = _("account at a provider")
        verbose_name_plural = _("accounts at providers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["provider", "account_id"], name="one_business_per_account")
        ]

    def __str__(self) -> str:
        return f"{self.get_provider_display()} {self.account_id}"


class Sender(KeepsReason):
    """A number of a business at a provider.

    `number_id` is Meta's phone number id, or Twilio's WhatsApp number (+E.164) or messaging service (MG…), `account_id`
    Meta's WABA id or Twilio's account. Both are only what somebody typed until the provider has answered for them:
    then `proved_account` is set, webhooks may touch the number, and it is unique. `app_key` tells which Meta app signs
    its webhooks ("": the installation's); see `app_key_of`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="senders")
    provider = models.CharField(_("provider"), max_length=10, choices=Provider.choices)
    number_id = models.CharField(_("number id"), max_length=64)
    account_id = models.CharField(_("account id"), max_length=64)
    portfolio_id = models.CharField(
        _("business portfolio"),
        max_length=64,
        blank=True,
        help_text=_("Numbers of one portfolio share its 24-hour limit. Leave empty if this account stands alone."),
    )
    phone = models.CharField(_("phone number"), max_length=16, blank=True)
    display_name = models.CharField(_("display name"), max_length=120, blank=True)
    proved_account = models.ForeignKey(
        ProvedAccount, models.SET_NULL, null=True, blank=True, editable=False, related_name="senders"
    )
    encrypted_credentials = models.TextField(editable=False)
    app_key = models.CharField(max_length=APP_KEY_LENGTH, blank=True, default="", db_default="", editable=False)
    max_mps = models.FloatField(
        _("most messages per second"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01), MaxValueValidator(1000)],
        help_text=_("Leave empty for all that WhatsApp allows this number, and 80 % of it while people chat with it."),
    )
    throughput_mps = models.FloatField(_("messages per second that WhatsApp allows"), null=True, editable=False)
    messaging_limit = models.PositiveIntegerField(
        _("people per 24 hours"),
        null=True,
        blank=True,
        help_text=_("How many different people the portfolio may write to in 24 hours. Empty: no known limit."),
    )
    quality = models.CharField(_("quality"), max_length=8, choices=Quality.choices, default=Quality.UNKNOWN)
    health = models.CharField(_("state"), max_length=8, choices=SenderHealth.choices, default=SenderHealth.READY)
    last_status_event_at = models.DateTimeField(
        null=True, editable=False, help_text=_("Time of the newest status report: proves that webhooks arrive.")
    )
    checked_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        ordering: ClassVar[list[str]] = ["created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["business", "provider", "number_id"], name="one_sender_per_number_of_a_business"
            ),
            # A phone number id of Meta's is unique in the world. At Twilio the number belongs to an account: its
            # sandbox number is in everybody's.
            models.UniqueConstraint(
                fields=["provider", "number_id"],
                name="one_proved_sender_per_number",
                condition=Q(proved_account__isnull=False) & ~Q(provider=Provider.TWILIO),
            ),
            models.UniqueConstraint(
                fields=["provider", "account_id", "number_id"],
                name="one_proved_sender_in_an_account",
                condition=Q(proved_account__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["provider", "account_id"], name="sender_account")]

    def __str__(self) -> str:
        return self.display_name or self.phone or self.number_id

    @property
    def credentials(self) -> dict[str, str]:
        """Returns the provider's secrets (Meta: access_token; Twilio: account_sid, auth_token), decrypted."""
        return decrypt(self.encrypted_credentials)

    def set_credentials(self, credentials: Mapping[str, str]) -> None:
        """Encrypt the secrets and set them; the caller saves `encrypted_credentials` and `app_key`."""
        self.encrypted_credentials = encrypt(credentials)
        self.app_key = app_key_of(credentials.get("app_secret", ""))

    @property
    def is_proved(self) -> bool:
        """Whether the provider has answered for token, number and account together."""
        return self.proved_account_id is not None


class UnknownPolicy(models.TextChoices):
    """What to do with a message whose answer was lost and for which no report came."""

    EVIDENCE = "evidence", _("Send again only when reports of other messages prove that it was not sent")
    NEVER = "never", _("Never send again")
    ASK = "ask", _("Ask me")


class WindowZone(models.TextChoices):
    """Whose clock the sending hours go by."""

    BUSINESS = "business", _("The business's")
    RECIPIENT = "recipient", _("Each person's own, by the country of their number")


class MessagingSettings(models.Model):
    """A business's messaging settings. A business without a row has the defaults."""

    business = models.OneToOneField(Business, models.CASCADE, related_name="+")
    late_after_minutes = models.PositiveIntegerField(
        _("longest delay of a scheduled broadcast (minutes)"),
        default=360,
        help_text=_("A scheduled broadcast that could not start by then is marked as missed and is not sent late."),
    )
    monthly_budget = budget_field(
        _("budget for a month"),
        help_text=_(
            "The most that all messages of a month may cost, by WhatsApp's published prices and in their currency. "
            "Broadcasts pause before it is exceeded and go on next month. Leave empty for no limit."
        ),
    )
    unknown_policy = models.CharField(
        _("when an answer was lost"), max_length=10, choices=UnknownPolicy.choices, default=UnknownPolicy.EVIDENCE
    )
    opt_out_words = models.TextField(
        _("more opt-out words"),
        blank=True,
        help_text=_(
            "One per line, in addition to the usual ones (STOP, הסר …). "
            "A message that is just this word opts the person out."
        ),
    )
    opt_in_words = models.TextField(
        _("more opt-in words"), blank=True, help_text=_("One per line, in addition to the usual ones (START …).")
    )
    opt_out_reply = models.CharField(
        _("answer to an opt-out"), max_length=1000, blank=True, help_text=_("Leave empty for the usual text.")
    )
    opt_in_reply = models.CharField(
        _("answer to an opt-in"), max_length=1000, blank=True, help_text=_("Leave empty for the usual text.")
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("messaging settings")
        verbose_name_plural = _("messaging settings")

    def __str__(self) -> str:
        return str(self.business)
