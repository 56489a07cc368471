"""What a business decides about its calls. The help texts are what its owner reads in the admin."""

from collections.abc import Iterator

from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from businesses.validators import validate_finite

FRAME_MS = 20
"""Twilio Media Streams: one frame of a caller's audio."""


class FirstUtteranceProtection(models.TextChoices):
    """Which of the assistant's first utterances callers can't interrupt."""

    FIRST_RESPONSE = "first_response", _("The assistant's first words, whoever opened the call")
    OPENING_ONLY = "opening_only", _("Only an opening by the assistant (greeting or free)")
    OFF = "off", _("Nothing: the caller may interrupt even the greeting")


class CallSettings(models.Model):
    """The call settings of a business: greeting, who opens, interruptions. `Business` inherits them."""

    greeting_text = models.TextField(
        _("greeting"),
        blank=True,
        max_length=1000,
        validators=[MaxLengthValidator(1000)],  # a text field's max_length binds forms only
        help_text=_(
            "The words every caller hears first, once and whole. "
            "Empty: the assistant stays silent until the caller speaks, except for a notice that calls are recorded."
        ),
    )
    assistant_speaks_first = models.BooleanField(
        _("assistant speaks first"),
        default=False,
        help_text=_("Without a greeting: let the assistant open the call in its own words."),
    )
    first_utterance_protection = models.CharField(
        _("protected first words"),
        max_length=20,
        choices=FirstUtteranceProtection.choices,
        default=FirstUtteranceProtection.FIRST_RESPONSE,
        help_text=_("What callers can't interrupt. What they say during it is answered afterwards."),
    )
    barge_in_enabled = models.BooleanField(
        _("callers may interrupt"),
        default=True,
        help_text=_("The assistant stops when the caller starts to talk."),
    )
    barge_in_voice_frames = models.PositiveSmallIntegerField(
        _("speech that interrupts (20 ms steps)"),
        default=6,
        validators=[MinValueValidator(2), MaxValueValidator(50)],
        help_text=_(
            "How much clear speech ends the assistant's sentence: 6 steps are 120 ms. It falls silent after 3 steps "
            "and goes on if no more follows."
        ),
    )
    barge_in_debounce_ms = models.PositiveSmallIntegerField(
        _("doubtful voice that interrupts (ms)"),
        default=350,
        validators=[MinValueValidator(100), MaxValueValidator(2000)],
        help_text=_(
            "A voice that is not clearly speech ends the assistant's sentence when it lasts this long. "
            "Anything shorter, and it goes on."
        ),
    )
    barge_in_grace_ms = models.PositiveSmallIntegerField(
        _("grace at the start of a sentence (ms)"),
        default=300,
        validators=[MaxValueValidator(3000)],
        help_text=_("For this long after the caller starts to hear the assistant, sounds don't interrupt it."),
    )
    server_vad_threshold = models.FloatField(
        _("how sure it must be that someone speaks (0 to 1)"),
        default=0.82,
        validators=[validate_finite, MinValueValidator(0.1), MaxValueValidator(0.99)],
        help_text=_("Higher ignores more noise, lower hears softer voices. Best between 0.75 and 0.85."),
    )
    echo_gate_min_rms = models.PositiveSmallIntegerField(
        _("quietest voice while the assistant speaks (rms)"),
        default=200,
        validators=[MaxValueValidator(5000)],
        help_text=_(
            "Softer sounds are taken for the assistant's own echo, and so are louder ones while it speaks loudly "
            "on a line with echo. Raise it when it interrupts itself, or to 600 when voices behind callers "
            "interrupt it."
        ),
    )
    resume_after_false_barge_in = models.BooleanField(
        _("go on after a cough"),
        default=True,
        help_text=_("After a short noise the assistant goes on where it stopped. Off: it stays silent."),
    )

    backchannels_interrupt = models.BooleanField(
        _("“mm-hm” interrupts"),
        default=True,
        db_default=True,  # for processes of the previous version, which insert rows without it
        help_text=_(
            "Off: short signs of listening (“mm-hm”, “yes yes”, “right”) get no answer and the assistant goes on. "
            "Other short words then interrupt only when they are understood, about a second later."
        ),
    )

    asks_after_silence = models.BooleanField(
        _("ask silent callers whether they are there"),
        default=False,
        db_default=False,
        help_text=_(
            "When a caller has not been heard for 15 seconds after the assistant's last word, it asks once whether "
            "to go on. Off: the assistant never speaks into silence."
        ),
    )
    silence_limit_s = models.PositiveSmallIntegerField(
        _("a silent call ends after (seconds)"),
        default=45,
        db_default=45,
        validators=[MinValueValidator(20), MaxValueValidator(600)],
        help_text=_(
            "So long without the caller's voice after the assistant's last word, and the call ends: a forgotten line "
            "costs as much as a conversation. Music is no voice."
        ),
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Treat a greeting of only whitespace as empty."""
        super().clean()
        self.greeting_text = self.greeting_text.strip()

    def advice(self) -> Iterator[str]:
        """Returns a sentence for each combination of settings that is allowed but probably a mistake."""
        if not 0.75 <= self.server_vad_threshold <= 0.85:
            yield gettext(
                "Between 0.75 and 0.85 works best for how sure the assistant must be that someone speaks. "
                "Lower, noise interrupts it; higher, it misses soft voices."
            )
        if self.barge_in_debounce_ms < self.barge_in_voice_frames * FRAME_MS:
            yield gettext(
                "A doubtful voice interrupts sooner than clear speech does. "
                "Make the time for doubtful voice longer than that for speech."
            )
        if self.greeting_text and self.assistant_speaks_first:
            yield gettext("The greeting opens every call. “Assistant speaks first” counts only without a greeting.")
