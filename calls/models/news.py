"""News of calls to members by mail: what each has chosen, and each mail that was or will be sent."""

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


class NewsWhen(models.TextChoices):
    """When a member is told of calls."""

    NEVER = "never", _("Never")
    AT_ONCE = "at_once", _("At once, a mail for each call")
    DAILY = "daily", _("Once a day, all calls in one mail")


class NewsChoice(models.Model):
    """What one member has chosen. Who has no row gets no mails. `language` is the one they read the page in."""

    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    membership = models.OneToOneField(Membership, models.CASCADE, verbose_name=_("member"), related_name="+")
    mail = models.CharField(
        _("mails about calls"),
        max_length=10,
        choices=NewsWhen.choices,
        default=NewsWhen.NEVER,
        help_text=_(
            "To your own address. Calls in which somebody spoke, left a message or was missed; no calls that ended "
            "before anybody spoke, and no trials."
        ),
    )
    digest_hour = models.PositiveSmallIntegerField(
        _("hour of the daily mail"),
        default=18,
        validators=[MaxValueValidator(23)],
        help_text=_("0 to 23, by the business's clock. On a day without such calls there is no mail."),
    )
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, editable=False)
    since = models.DateTimeField(editable=False, help_text="calls that ended before are not told of")
    next_digest_at = models.DateTimeField(null=True, editable=False)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("choice of mails about calls")
        verbose_name_plural = _("choices of mails about calls")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_digest_at"], name="news_digest_due", condition=Q(next_digest_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.get_mail_display()


class NewsState(models.TextChoices):
    """How far a mail is. `SENDING` that lasts means that its process died: nobody knows whether it left."""

    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    NOTHING = "nothing", _("There was nothing to tell")
    FAILED = "failed", _("Not sent")
    UNKNOWN = "unknown", _("Unknown whether it was sent")


class News(models.Model):
    """One mail to one member: about a call, all calls from `since` to `until`, or a week that fell short.

    Its text is made when it is sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    choice = models.ForeignKey(NewsChoice, models.CASCADE, related_name="+")
    call = models.ForeignKey(Call, models.CASCADE, null=True, related_name="+")
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    week = models.DateField(null=True, help_text="the Monday of a week that fell short of what it promises")
    is_instead = models.BooleanField(
        default=False, db_default=False, help_text="a WhatsApp message about it did not reach the member"
    )
    state = models.CharField(_("state"), max_length=10, choices=NewsState.choices, default=NewsState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text="when it is tried (again), or when its sending has failed")
    created_at = models.DateTimeField()

    objects = BusinessManager()

    class Meta:
        verbose_name = _("mail about calls")
        verbose_name_plural = _("mails about calls")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["choice", "call"], name="one_mail_for_each_call"),
            models.UniqueConstraint(fields=["choice", "until"], name="one_mail_for_each_day"),
            models.UniqueConstraint(fields=["choice", "week"], name="one_mail_for_each_week"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], name="news_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.get_state_display()}"
