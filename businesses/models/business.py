"""A business: the tenant. The fields of call settings and their rules are in `call_settings.py`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from businesses.call_settings import CallSettings
from businesses.countries import guessed_country
from businesses.dialling import DialRefusal, countries_in, refusal_of
from businesses.field_words import FIELD_WORDS
from businesses.hidden import SeenBusinesses
from businesses.models.assistant_texts import AssistantTexts
from businesses.phone_numbers import region_of
from businesses.prepared import Given, Prepared
from businesses.validators import (
    dial_words,
    one_line,
    validate_business_slug,
    validate_countries,
    validate_e164,
    validate_time_zone,
)


class Language(models.TextChoices):
    """Languages of a business's calls and pages."""

    HEBREW = "he", _("Hebrew")
    ENGLISH = "en", _("English")


class SecondFactor(models.TextChoices):
    """Who must sign in with a second factor."""

    NOBODY = "nobody", _("Nobody (optional for everyone)")
    OWNERS = "owners", _("Owners")
    EVERYBODY = "everybody", _("Owners and staff")


def _numbers_known() -> models.QuerySet[Any, tuple[str]]:
    """Returns a given number, if it is one of ours, and those of a business."""
    ours = apps.get_model("businesses", "PhoneNumber")._default_manager
    is_meant = Q(number=Given("number", models.CharField())) | Q(business=Given("business", models.UUIDField()))
    return ours.filter(is_meant).order_by("pk").values_list("number")


_known_numbers = Prepared(_numbers_known)
_USUAL_NOTICES = {Language.HEBREW: "השיחה מוקלטת.", Language.ENGLISH: "This call is recorded."}


def usual_notice(language: str) -> str:
    """Returns the notice of recording that a business has until it writes its own, in the language of its calls."""
    return _USUAL_NOTICES[Language(language)]


class Voice(models.TextChoices):
    """OpenAI's built-in voices that both Realtime and the speech endpoint know (types of openai 3.54)."""

    MARIN = "marin", "Marin"
    CEDAR = "cedar", "Cedar"
    ALLOY = "alloy", "Alloy"
    ASH = "ash", "Ash"
    BALLAD = "ballad", "Ballad"
    CORAL = "coral", "Coral"
    ECHO = "echo", "Echo"
    SAGE = "sage", "Sage"
    SHIMMER = "shimmer", "Shimmer"
    VERSE = "verse", "Verse"


class Business(AssistantTexts, CallSettings):
    """A tenant. The model is not tenant-scoped: each query of businesses must say which ones it means."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(
        _("short name in addresses"),
        unique=True,
        max_length=60,
        validators=[validate_business_slug],
        help_text=_("Part of the address of the business's pages, like north-clinic in /b/north-clinic/."),
    )
    language = models.CharField(
        _("language"),
        max_length=5,
        choices=Language.choices,
        default=Language.HEBREW,
        help_text=_("The language in which the assistant greets and answers callers."),
    )
    local_country = models.CharField(
        _("numbers without a country are from"),
        max_length=2,
        blank=True,
        default="",
        db_default="",
        validators=[validate_countries],
        help_text=_("The country of numbers like 050-123-4567: in files, in forms, and of the fallback number."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=60,
        default="Asia/Jerusalem",
        validators=[validate_time_zone],
        help_text=_("Times are shown in this zone, like Asia/Jerusalem."),
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Off: callers hear that this number is not in service.")
    )
    voice = models.CharField(
        _("voice"),
        max_length=30,
        choices=Voice.choices,
        default=Voice.MARIN,
        help_text=_("The assistant's voice, also for the greeting. Marin and Cedar sound best."),
    )
    fallback_number = models.CharField(
        _("fallback phone number"),
        max_length=16,
        blank=True,
        validators=[validate_e164],
        help_text=_("Rings when the assistant can't take a call or hands it over."),
    )
    dial_countries = models.CharField(
        _("further countries that may be dialled"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        validators=[validate_countries],
        help_text=_(
            "Calls are put through to ordinary phones in the countries of the business's own numbers, and in these: "
            "two-letter codes like US, GB."
        ),
    )
    max_concurrent_calls = models.PositiveSmallIntegerField(
        _("calls at the same time"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_(
            "Further callers reach the fallback number, or hear that all lines are busy. A call that was put through "
            "to a person's phone still takes a line, and at most this many are put through at the same time."
        ),
    )
    max_call_minutes = models.PositiveSmallIntegerField(
        _("longest call (minutes)"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_("Longer calls are ended, so that a forgotten line doesn't go on costing money."),
    )
    minutes_left = models.DecimalField(
        _("minutes left"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("Paid minutes that are left. Empty: no limit. At 0 no call is answered and none is put through."),
    )
    record_calls = models.BooleanField(
        _("record calls"),
        default=False,
        db_default=False,
        help_text=_("Members can listen to calls afterwards. Callers hear the notice below first."),
    )
    recording_notice = models.TextField(  # null: the usual words; "": none
        _("notice that calls are recorded"),
        null=True,
        blank=True,
        default=None,
        db_default="",  # businesses from before it existed, and those that the previous version inserts: no notice
        max_length=300,
        validators=[MaxLengthValidator(300)],
        help_text=_(
            "Spoken once after the greeting, whole and before anything of the caller is recorded. Without a greeting "
            "it is the first thing that callers hear. Empty: callers are not told, which many countries forbid."
        ),
    )
    recordings_kept_days = models.PositiveSmallIntegerField(
        _("recordings are kept (days)"),
        default=90,
        db_default=90,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Older recordings are removed every night. Transcripts have days of their own."),
    )
    second_factor = models.CharField(
        _("must sign in with a second factor"),
        max_length=10,
        choices=SecondFactor.choices,
        default=SecondFactor.NOBODY,
        db_default=SecondFactor.NOBODY,
        help_text=_("They are asked to set up an authenticator app, and can open nothing else until they have one."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    plain_words = FIELD_WORDS

    objects: ClassVar[models.Manager[Business]] = SeenBusinesses()
    every: ClassVar[models.Manager[Business]] = models.Manager()
    """With the hidden one: for the way of a call."""

    class Meta:
        verbose_name = _("business")
        verbose_name_plural = _("businesses")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Keep the name on one line, and a greeting free of blanks around it. Refuse a number that may not be dialled.

        A new business has no numbers yet, whose countries count: `registration` looks again, and so does every call.
        """
        super().clean()
        self.name = one_line(self.name)
        self.closed_greeting_text = self.closed_greeting_text.strip()
        refusal = self.dial_refusal(self.fallback_number) if self.fallback_number else None
        if refusal and not (self._state.adding and refusal is DialRefusal.COUNTRY):
            words = dial_words(refusal, self.countries_to_dial())
            raise ValidationError({"fallback_number": ValidationError(words, code=refusal.value)})

    def countries_to_dial(self) -> list[str]:
        """Returns the countries (ISO 3166) that may be dialled: those of the own numbers, and the operator's list."""
        return self.countries_among(self.phone_numbers.order_by("pk").values_list("number", flat=True))

    def countries_among(self, own_numbers: Iterable[str]) -> list[str]:
        """Returns the same, if these are the business's numbers."""
        own = map(region_of, own_numbers)
        return list(dict.fromkeys([*filter(None, own), *countries_in(self.dial_countries)]))

    def dial_refusal(self, number: str) -> DialRefusal | None:
        """Returns why calls of this business may not be put through to a number (E.164); None if they may."""
        # Not only the own numbers: businesses that ring each other would call in circles, at the operator's cost.
        known = [own for (own,) in _known_numbers.rows(number=number, business=self.pk)]
        return DialRefusal.OURS if number in known else refusal_of(number, self.countries_among(known))

    def notice(self) -> str:
        """Returns the words that tell callers that they are recorded; "" if they are not, or are not told."""
        if not self.record_calls:
            return ""
        return usual_notice(self.language) if self.recording_notice is None else self.recording_notice.strip()

    def opening_words(self) -> str:
        """Returns what every caller hears first, as one utterance: the greeting and the notice of recording."""
        return " ".join(filter(None, (self.greeting_text.strip(), self.notice())))

    def advice(self) -> Iterator[str]:
        """Returns a sentence for each combination of settings that is allowed but probably a mistake."""
        yield from super().advice()
        if self.record_calls and not self.notice():
            yield gettext(
                "Calls are recorded, and callers are not told. Many countries forbid that. "
                "Write a notice, or stop recording."
            )

    def region(self) -> str | None:
        """Returns the country (ISO 3166) of numbers written without one: as chosen, or else guessed."""
        return self.local_country or self.guessed_country()

    def guessed_country(self) -> str | None:
        """Returns the country that numbers without one are probably from; None if nothing tells."""
        own = map(region_of, self.phone_numbers.order_by("pk").values_list("number", flat=True))
        return guessed_country(self.time_zone, self.language, list(filter(None, own)))
