"""Making a broadcast in the admin."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_form import FencedForm
from businesses.fence.fenced_inline import refuse_mixed
from businesses.models import Business
from whatsapp.audience.choice import Choice, ContactsChoice, EarlierChoice, FileChoice, Group
from whatsapp.broadcasts import creation
from whatsapp.broadcasts.creation import Plan, Timing
from whatsapp.errors import WhatsappError
from whatsapp.models import Broadcast, MessageTemplate, Tag, TemplateStatus, WindowZone
from whatsapp.numbers import template_sync

GROUPS = [
    (Group.NOT_READ.value, _("got it and did not read it")),
    (Group.NOT_DELIVERED.value, _("were sent it and did not get it")),
    (Group.FAILED_PASSING.value, _("could not get it for a passing reason")),
    (Group.READ.value, _("read it")),
    (Group.REPLIED.value, _("replied")),
    (Group.NOT_REPLIED.value, _("got it and did not reply")),
]


class NewBroadcastForm(FencedForm):
    """Template, people and time. People come from a file, or from contacts with tags, or from an earlier broadcast."""

    file = forms.FileField(
        label=_("file of people"),
        required=False,
        help_text=_("CSV or Excel: a column “phone”, and one for each variable of the template."),
    )
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.none(), label=_("or contacts with all of these tags"), required=False
    )
    earlier = forms.ModelChoiceField(
        Broadcast.objects.none(), label=_("or people of an earlier broadcast"), required=False
    )
    group = forms.ChoiceField(label=_("who of them"), choices=GROUPS, required=False)
    constants = forms.CharField(
        label=_("values that are the same for all"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("One a line, like until=Friday."),
    )

    class Meta:
        model = Broadcast
        fields = (
            "name",
            "template",
            "scheduled_wall_time",
            "scheduled_zone",
            "send_from",
            "send_until",
            "window_zone",
            "canary_size",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Asked for at each request: the tenant manager shows only what belongs to the person's businesses.
        self._field("tags").queryset = Tag.objects.all()
        self._field("earlier").queryset = Broadcast.objects.all()
        self._field("template").queryset = MessageTemplate.objects.filter(status=TemplateStatus.APPROVED)
        self.fields["name"].required = False

    def clean(self) -> dict[str, Any]:
        """Find everything that is wrong before anything is kept."""
        values = super().clean() or {}
        if "template" in values:
            refuse_mixed(self, self.business.pk, "tags", "earlier")
        if self.errors:
            return values
        try:
            creation.check(self.business, self.plan(), now=timezone.now())
        except WhatsappError as error:
            raise ValidationError(str(error)) from None
        return values

    @property
    def business(self) -> Business:
        """The template's business is the broadcast's."""
        business: Business = self.cleaned_data["template"].business
        return business

    def plan(self) -> Plan:
        """What was asked for. Raises `WhatsappError`."""
        values = self.cleaned_data
        template, sender = template_sync.find(self.business, values["template"].name, values["template"].language)
        return Plan(
            template=template,
            sender=sender,
            choice=self._choice(),
            name=values["name"],
            file=cast("BinaryIO | None", values["file"]),
            timing=Timing(
                wall_time=values["scheduled_wall_time"],
                zone=values["scheduled_zone"],
                send_from=values["send_from"],
                send_until=values["send_until"],
                window_zone=WindowZone(values["window_zone"]),
            ),
            canary_size=values["canary_size"],
        )

    def _choice(self) -> Choice:
        values = self.cleaned_data
        constants = dict(_constants(values["constants"]))
        chosen = [name for name in ("file", "tags", "earlier") if values[name]]
        if len(chosen) != 1:
            raise WhatsappError(str(_("Choose one: a file, tags, or an earlier broadcast.")))
        if values["file"]:
            return FileChoice(constants)
        if values["tags"]:
            return ContactsChoice(tags=tuple(tag.name for tag in values["tags"]), constants=constants)
        return EarlierChoice(str(values["earlier"].pk), Group(values["group"]), constants=constants)

    def _field(self, name: str) -> forms.ModelChoiceField[Any]:
        return cast("forms.ModelChoiceField[Any]", self.fields[name])


def _constants(text: str) -> list[tuple[str, str]]:
    pairs = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, equals, value = line.partition("=")
        if not equals:
            raise WhatsappError(str(_("“%(line)s” is not like until=Friday.") % {"line": line[:40]}))
        pairs.append((name.strip(), value.strip()))
    return pairs
