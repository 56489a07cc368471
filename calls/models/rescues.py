"""What a business wants to happen after its calls, and the messages to callers whom nobody served."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from calls.models.calls import Call


class AfterCalls(models.Model):
    """A business's choices. A business without a row has the defaults: nothing is sent, and follow-ups are tasks."""

    business = models.OneToOneField(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    rescue_enabled = models.BooleanField(
        _("write to callers whom nobody served"),
        default=False,
        help_text=_(
            "A caller who hung up before speaking, was cut off or could not be taken gets one WhatsApp message within "
            "a minute, at most one a day. Only who has agreed to messages gets it: with a recorded consent, or by "
            "having written to you on WhatsApp within the last 24 hours. Who opted out, is blocked, was put through or "
            "has called again and been served gets none."
        ),
    )
    rescue_template = models.CharField(
        _("template"),
        max_length=512,
        blank=True,
        help_text=_(
            "An approved template without values, or with business_name and phone as its only ones. It is sent in the "
            "language of your calls if there is one."
        ),
    )

    follow_up_tasks = models.BooleanField(
        _("make tasks of follow-ups"),
        default=True,
        db_default=True,
        help_text=_(
            "What was promised in a call, or is left to do, becomes a task, unless the assistant has taken a message "
            "or made an appointment for it. Tasks that are there already stay."
        ),
    )

    news_template = models.CharField(
        _("template for news of calls to members"),
        max_length=512,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "An approved utility template whose values are news, link and business_name, or the numbers 1 for the "
            "news and 2 for the link. It is sent to members who want news by WhatsApp and have written nothing to "
            "your number for 24 hours; without it, they get a mail then."
        ),
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("what happens after calls")
        verbose_name_plural = _("what happens after calls")

    def __str__(self) -> str:
        return str(_("What happens after calls"))

    def clean(self) -> None:
        """Refuse to switch on what could send nothing."""
        super().clean()
        if self.rescue_enabled and not self.rescue_template:
            raise ValidationError({"rescue_template": _("Choose the template that callers get.")})


class RescueResult(models.TextChoices):
    """What became of a caller whom nobody served."""

    SENT = "sent", _("got a message on WhatsApp")
    NOT_AGREED = "not_agreed", _("has not agreed to messages")
    WRITTEN_TO = "written_to", _("got a message already that day")
    SERVED_SINCE = "served_since", _("called again")
    NO_WHATSAPP = "no_whatsapp", _("no WhatsApp number that works")
    NO_NUMBER = "no_number", _("no WhatsApp behind the number")
    OPTED_OUT = "opted_out", _("opted out of messages")
    NO_TEMPLATE = "no_template", _("the template can't be sent")
    BAD_VALUES = "bad_values", _("the template needs values that are not known")


class Rescue(models.Model):
    """What was decided about one missed call. The row and the message are written in one transaction."""

    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    call = models.OneToOneField(Call, models.CASCADE, verbose_name=_("call"), related_name="rescue")
    number = models.CharField(_("phone number"), max_length=32, blank=True)
    result = models.CharField(_("what became of it"), max_length=20, choices=RescueResult.choices)
    day = models.DateField(_("day"))
    at = models.DateTimeField(_("when"))

    objects = BusinessManager()

    class Meta:
        verbose_name = _("message after a missed call")
        verbose_name_plural = _("messages after missed calls")
        ordering: ClassVar[list[str]] = ["-at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["business", "number", "day"],
                name="one_rescue_per_caller_and_day",
                condition=models.Q(result="sent") & ~models.Q(number=""),
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "number", "-at"], name="rescue_by_caller"),
            models.Index(fields=["business", "-at"], name="rescue_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_result_display()}"
