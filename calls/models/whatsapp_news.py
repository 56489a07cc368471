"""News of calls to members by WhatsApp: what each has chosen, and what became of each message."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models import Business, Membership
from businesses.tenancy import BusinessManager
from calls.models.calls import Call


class WhatsappWhen(models.TextChoices):
    """When a member is told of calls by WhatsApp."""

    NEVER = "never", _("Never")
    AT_ONCE = "at_once", _("At once, a message for each call")
    DAILY = "daily", _("Once a day, how many calls and tasks there were")


class WhatsappNewsChoice(models.Model):
    """What one member has chosen. Who has no row gets no messages.

    | `when`  | `proved_at` | `code`  | what it means                                                      |
    |---------|-------------|---------|--------------------------------------------------------------------|
    | never   | any         | any     | nothing is sent; with `stopped_at` the member has opted out          |
    | another | null        | a code  | the number is not proved: whoever has it writes `code` to the business |
    | another | a time      | empty   | news are sent                                                      |
    """

    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    membership = models.OneToOneField(Membership, models.CASCADE, verbose_name=_("member"), related_name="+")
    when = models.CharField(
        _("WhatsApp messages about calls"),
        max_length=10,
        choices=WhatsappWhen.choices,
        default=WhatsappWhen.NEVER,
        help_text=_("About the same calls as the mails. What can't be sent by WhatsApp comes by mail."),
    )
    digest_hour = models.PositiveSmallIntegerField(
        _("hour of the daily message"),
        default=18,
        validators=[MaxValueValidator(23)],
        help_text=_("0 to 23, by the business's clock. On a day without such calls there is no message."),
    )
    number = models.CharField(_("your WhatsApp number"), max_length=16, blank=True)
    code = models.CharField(max_length=6, blank=True, editable=False)
    code_until = models.DateTimeField(null=True, editable=False)
    proved_at = models.DateTimeField(_("proved"), null=True, editable=False)
    stopped_at = models.DateTimeField(_("stopped by the member"), null=True, editable=False)
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, editable=False)
    since = models.DateTimeField(editable=False, help_text="calls that ended before are not told of")
    next_digest_at = models.DateTimeField(null=True, editable=False)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("choice of WhatsApp messages about calls")
        verbose_name_plural = _("choices of WhatsApp messages about calls")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_digest_at"], name="whatsapp_digest_due", condition=Q(next_digest_at__isnull=False)
            ),
            models.Index(fields=["code_until"], name="whatsapp_news_to_prove", condition=Q(code_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.get_when_display()


class WhatsappNewsResult(models.TextChoices):
    """What became of a message. The values of refusals are those of `messenger.Refusal`."""

    SENT = "sent", _("On its way")
    ARRIVED = "arrived", _("Arrived")
    FAILED = "failed", _("Did not arrive")
    NO_WHATSAPP = "no_whatsapp", _("Not sent: no WhatsApp number of the business can send")
    NO_NUMBER = "no_number", _("Not sent: no number that WhatsApp can reach")
    OPTED_OUT = "opted_out", _("Not sent: you opted out of messages")
    NO_WINDOW = "no_window", _("Not sent: you had written nothing for 24 hours, and there is no template")
    NO_TEMPLATE = "no_template", _("Not sent: the template can't be used")
    BAD_VALUES = "bad_values", _("Not sent: the template needs values that are not known")


class WhatsappNews(models.Model):
    """What was decided about one message to one member: about a call, or all calls from `since` to `until`.

    The row and the message (its key is `id`) are written in one transaction. `look_at`: when it is looked again at
    what became of the message. `is_mailed`: a mail was written instead.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    choice = models.ForeignKey(WhatsappNewsChoice, models.CASCADE, related_name="+")
    call = models.ForeignKey(Call, models.CASCADE, null=True, related_name="+")
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    result = models.CharField(_("what became of it"), max_length=12, choices=WhatsappNewsResult.choices)
    is_mailed = models.BooleanField(_("mailed instead"), default=False)
    look_at = models.DateTimeField(null=True)
    at = models.DateTimeField(_("when"))

    objects = BusinessManager()

    class Meta:
        verbose_name = _("WhatsApp message about calls")
        verbose_name_plural = _("WhatsApp messages about calls")
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["choice", "call"], name="one_whatsapp_for_each_call"),
            models.UniqueConstraint(fields=["choice", "until"], name="one_whatsapp_for_each_day"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["look_at"], name="whatsapp_news_to_look_at", condition=Q(look_at__isnull=False)),
            models.Index(fields=["choice", "-at"], name="whatsapp_news_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_result_display()}"
