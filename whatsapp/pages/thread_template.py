"""One template to one person, from their thread: choose it, fill it, see it, send it once."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from businesses.pages import badges
from businesses.pages.access import PageRequest, business_page
from whatsapp.errors import NotConnected, WhatsappError
from whatsapp.inbox import direct_messages
from whatsapp.models import Contact, InboundMessage, MessageTemplate, Sender
from whatsapp.pages.asked_for import MOST_TEMPLATES, id_of, sendable_templates
from whatsapp.pages.bubble import bubble
from whatsapp.pages.conversations import last_message
from whatsapp.pages.details_form import label_of
from whatsapp.pages.draft_step import unfilled
from whatsapp.pages.inbox import Place
from whatsapp.pages.standing import person_of
from whatsapp.template_variables import TemplateVariable, UnsupportedTemplate, variables_of

_FIELD = "value_"
_NAMES, _FIRST_NAMES = {"name", "full_name", "customer_name"}, {"first_name", "firstname"}


class ValuesForm(forms.Form):
    """The values of a template; its key `form` turns a double click into one message."""

    form = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, variables: tuple[TemplateVariable, ...], person: Contact, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for variable in variables:
            self.fields[_FIELD + variable.key] = forms.CharField(
                label=label_of(variable),
                max_length=variable.limit,
                initial=_known(variable.key, person),
                widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
            )

    @property
    def values(self) -> dict[str, str]:
        """The values by the keys of the variables."""
        return {
            name.removeprefix(_FIELD): value for name, value in self.cleaned_data.items() if name.startswith(_FIELD)
        }


def _known(key: str, person: Contact) -> str:
    """Returns what is known of the person for a variable of this name; "" if nothing is."""
    if key in _NAMES:
        return person.name
    if key in _FIRST_NAMES:
        return person.name.partition(" ")[0]
    return str(person.attributes.get(key, ""))


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="inbox")
def template(request: PageRequest, contact_id: uuid.UUID) -> HttpResponse:
    """Choose a template, or with `?template=` fill and send it."""
    person = person_of(request, contact_id)
    found = sendable_templates(request.business).filter(pk=id_of(request.GET.get("template", ""))).first()
    if found is None:
        return _choices(request, person)
    try:
        variables = variables_of(found.components, found.parameter_format)
    except UnsupportedTemplate as error:
        messages.error(request, str(error))
        return _choices(request, person)
    form = ValuesForm(variables, person, request.POST or None, initial={"form": uuid.uuid4()})
    if form.is_valid():
        last = last_message(person)
        try:
            direct_messages.send_template(
                _sender_for(request, found, last),
                found,
                to=person.address,
                params=form.values,
                key=form.cleaned_data["form"],
                now=timezone.now(),
                actor=request.user,
                answers=last,
            )
        except WhatsappError as error:
            form.add_error(None, str(error))
        else:
            badges.forget(request.business)
            messages.success(request, _("The template is on its way."))
            there = redirect("thread", slug=request.business.slug, contact_id=person.pk)
            return redirect(there.url + Place.of(request).query)
    values = {variable.key: form[_FIELD + variable.key].value() or "" for variable in variables}
    context = {
        "contact": person,
        "template": found,
        "form": form,
        "fields": [form[_FIELD + variable.key] for variable in variables],
        "bubble": bubble(found.components, values, named=found.parameter_format == "NAMED"),
        "place": Place.of(request),
    }
    return render(request, "whatsapp/thread_template.html", context, status=422 if form.errors else 200)


def _choices(request: PageRequest, person: Contact) -> HttpResponse:
    choices = [(each, unfilled(each)) for each in sendable_templates(request.business)[:MOST_TEMPLATES]]
    context = {"contact": person, "choices": choices, "place": Place.of(request)}
    return render(request, "whatsapp/thread_templates.html", context)


def _sender_for(request: PageRequest, template: MessageTemplate, last: InboundMessage | None) -> Sender:
    """Returns the number that sends: the one the person wrote to, if it has the template, else the newest that does.

    Raises `NotConnected` without one.
    """
    account = {"provider": template.provider, "account_id": template.account_id}
    able = list(
        Sender.objects.filter(business=request.business, **account).select_related("business").order_by("-created_at")
    )
    if not able:
        raise NotConnected(_("Connect a WhatsApp number first."))
    return next((each for each in able if last and each.pk == last.sender_id), able[0])
