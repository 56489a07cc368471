"""What a business writes for its assistant: instructions, its hours in words, address, and what holds when closed."""

from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class AssistantTexts(models.Model):
    """The texts of a business that its assistant goes by. `Business` inherits them."""

    instructions = models.TextField(
        _("instructions for the assistant"),
        blank=True,
        max_length=20000,
        validators=[MaxLengthValidator(20000)],
        help_text=_("What the assistant should know and do: services, prices, hours, manners."),
    )
    opening_hours = models.TextField(
        _("opening hours"),
        blank=True,
        default="",
        db_default="",  # for processes of the previous version, which insert rows without it
        max_length=2000,
        validators=[MaxLengthValidator(2000)],
        help_text=_("As you would tell a caller: Sunday to Thursday from 8 to 18, Friday until noon."),
    )
    address = models.CharField(
        _("address"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Street, number and town, as the assistant should tell callers who ask."),
    )
    directions = models.TextField(
        _("how to get there"),
        blank=True,
        default="",
        db_default="",
        max_length=1000,
        validators=[MaxLengthValidator(1000)],
        help_text=_("Floor, entrance, parking, bus. The assistant tells it to callers who ask for the way."),
    )
    closed_greeting_text = models.TextField(
        _("greeting while you are closed"),
        blank=True,
        default="",
        db_default="",
        max_length=1000,
        validators=[MaxLengthValidator(1000)],
        help_text=_("Instead of the greeting, outside the hours of the page Opening hours. Empty: the usual greeting."),
    )
    closed_instructions = models.TextField(
        _("what to do while you are closed"),
        blank=True,
        default="",
        db_default="",
        max_length=4000,
        validators=[MaxLengthValidator(4000)],
        help_text=_("Added to the instructions outside your hours, like: take no orders, and say when you open."),
    )

    class Meta:
        abstract = True
