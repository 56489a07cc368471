"""Creating a broadcast in steps: template, people, then values and time. The session holds what is entered so far."""

from __future__ import annotations

from contextlib import nullcontext
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from businesses.models import Business
from businesses.pages.access import PageRequest, business_page
from whatsapp.audience.choice import Choice, FileChoice
from whatsapp.broadcasts import creation
from whatsapp.broadcasts.creation import NewBroadcast
from whatsapp.errors import BadAudience, WhatsappError
from whatsapp.models import Broadcast, MessageTemplate
from whatsapp.numbers import template_sync
from whatsapp.pages import reading, wizard
from whatsapp.pages.bubble import bubble
from whatsapp.pages.details_form import DetailsForm
from whatsapp.pages.people_form import PASTE, PeopleForm
from whatsapp.pages.wizard import Gathered
from whatsapp.states import SENDABLE_TEMPLATES
from whatsapp.tables import uploads
from whatsapp.tables.tables import open_preview
from whatsapp.template_variables import UnsupportedTemplate, variables_of

SAMPLE_ROWS = 5
either = require_http_methods(["GET", "HEAD", "POST"])


@either
@business_page(section="broadcasts")
def choose_template(request: PageRequest) -> HttpResponse:
    """First step: choose what is sent."""
    approved = MessageTemplate.objects.filter(business=request.business, status__in=SENDABLE_TEMPLATES)
    if asked := request.POST.get("template") or request.GET.get("template"):
        key = _uuid(asked)
        chosen = approved.filter(pk=key).first() if key else None
        if chosen is not None and (problem := _obstacle(chosen)):
            return _refused(request, problem)
        if chosen is not None:
            wizard.store(request.session, request.business, Gathered(template=str(chosen.pk)))
            return redirect("broadcast-new-people", slug=request.business.slug)
    choices = [(template, _bubble(template, {}), _obstacle(template)) for template in approved[:200]]
    return render(request, "whatsapp/broadcast_new_template.html", {"choices": choices})


@either
@business_page(section="broadcasts")
def choose_people(request: PageRequest) -> HttpResponse:
    """Second step: choose who gets it."""
    found = _gathered(request)
    if found is None:
        return redirect("broadcast-new", slug=request.business.slug)
    gathered, template = found
    form = PeopleForm(request.POST or None, request.FILES or None, business=request.business)
    if form.is_valid():
        try:
            wizard.store(request.session, request.business, _with_people(request, gathered, form))
        except WhatsappError as error:
            form.add_error("file" if form.cleaned_data["source"] != PASTE else "pasted", str(error))
        else:
            return redirect("broadcast-new-details", slug=request.business.slug)
    context = {"form": form, "template": template, "bubble": _bubble(template, {})}
    return render(request, "whatsapp/broadcast_new_people.html", context, status=422 if form.errors else 200)


@either
@business_page(section="broadcasts")
def details(request: PageRequest) -> HttpResponse:
    """Third step: values, name and time. It creates the broadcast as a draft, whose page shows the pre-flight."""
    found = _gathered(request)
    if found is None or not found[0].kind:
        return redirect("broadcast-new", slug=request.business.slug)
    gathered, template = found
    try:
        variables = variables_of(template.components, template.parameter_format)
        header, sample = _sample(request.business, gathered)
    except (WhatsappError, UnsupportedTemplate) as error:
        return _refused(request, str(error))
    form = DetailsForm(
        request.POST or None,
        business=request.business,
        choice=gathered.choice,
        header=header,
        variables=variables,
        initial={"name": f"{template.name} ({template.language})"},
    )
    if form.is_valid():
        try:
            made = _create(request, gathered, template, form)
        except WhatsappError as error:
            form.add_error(None, str(error))
        else:
            wizard.clear(request.session, request.business)
            return redirect("broadcast", slug=request.business.slug, broadcast_id=made.pk)
    context = {
        "form": form,
        "template": template,
        "gathered": gathered,
        "header": header,
        "sample": sample,
        "bubble": _bubble(template, _first_values(form, header, sample)),
    }
    return render(request, "whatsapp/broadcast_new_details.html", context, status=422 if form.errors else 200)


def _gathered(request: PageRequest) -> tuple[Gathered, MessageTemplate] | None:
    """Returns what the earlier steps gathered; None if there is nothing, or if its template is gone."""
    gathered = wizard.load(request.session, request.business)
    if gathered is None:
        return None
    template = MessageTemplate.objects.filter(business=request.business, pk=gathered.template).first()
    return (gathered, template) if template else None


def _with_people(request: PageRequest, gathered: Gathered, form: PeopleForm) -> Gathered:
    """Add the people; a file is stored and checked to be a table. Raises `WhatsappError`."""
    choice = form.choice()
    if not isinstance(choice, FileChoice):
        return gathered.with_choice(choice)
    values = form.cleaned_data
    if values["source"] == PASTE:
        return _checked(request.business, gathered, choice, uploads.keep_text(request.business, values["pasted"]), "")
    file = values["file"]
    name = uploads.keep(request.business, file.file, file.size)
    return _checked(request.business, gathered, choice, name, file.name)


def _checked(business: Business, gathered: Gathered, choice: Choice, upload: str, file_name: str) -> Gathered:
    kept = gathered.with_choice(choice, upload=upload, file_name=file_name)
    try:
        _sample(business, kept)
    except BadAudience:
        uploads.forget(business, upload)
        raise
    return kept


def _sample(business: Business, gathered: Gathered) -> tuple[list[str], list[list[str]]]:
    """Returns the file's header and first rows; both are empty for other kinds of people. Raises `BadAudience`."""
    if not gathered.upload:
        return [], []
    with uploads.opened(business, gathered.upload) as file, open_preview(file, of=business.pk) as table:
        rows = [row.cells for _number, row in zip(range(SAMPLE_ROWS), table.rows, strict=False)]
        return table.header, rows


def _create(request: PageRequest, gathered: Gathered, template: MessageTemplate, form: DetailsForm) -> Broadcast:
    """Create the draft and read its people. Raises `WhatsappError`, and keeps nothing then."""
    chosen, sender = template_sync.find(request.business, template.name, template.language)
    with uploads.opened(request.business, gathered.upload) if gathered.upload else nullcontext() as file:
        new = NewBroadcast(
            template=chosen,
            sender=sender,
            choice=form.whole_choice(),
            name=form.cleaned_data["name"],
            file=file,
            timing=form.timing(),
            canary_size=form.cleaned_data["canary_size"],
        )
        made = creation.create(request.business, new, now=timezone.now(), actor=request.user)
    reading.begin(made, now=timezone.now())
    if gathered.upload:
        uploads.forget(request.business, gathered.upload)
    return made


def _first_values(form: DetailsForm, header: list[str], sample: list[list[str]]) -> dict[str, str]:
    """Returns the values of the first row, as far as their columns are known."""
    if not sample:
        return {}
    row = dict(zip(header, sample[0], strict=False))
    return {key: row.get(str(form[f"from_{key}"].value() or ""), "") for key in form.variables}


def _obstacle(template: MessageTemplate) -> str:
    """Returns why broadcasts can't send this template; "" if they can."""
    try:
        variables_of(template.components, template.parameter_format)
    except UnsupportedTemplate as error:
        return str(error)
    return ""


def _refused(request: PageRequest, problem: str) -> HttpResponse:
    return render(request, "whatsapp/broadcast_new_refused.html", {"problem": problem}, status=422)


def _bubble(template: MessageTemplate, params: dict[str, str]) -> object:
    return bubble(template.components, params, named=template.parameter_format == "NAMED")


def _uuid(written: str) -> UUID | None:
    try:
        return UUID(written)
    except (ValueError, ValidationError):
        return None
