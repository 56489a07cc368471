"""Creating a broadcast in steps: template, people, then values and time. The session holds what is entered so far."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from businesses.models import Business
from businesses.pages.access import PageRequest, business_page
from whatsapp.audience.choice import FileChoice
from whatsapp.audience.file_settling import Settled, settle
from whatsapp.audience.phone_column import names_of
from whatsapp.broadcasts import creation
from whatsapp.broadcasts.creation import NewBroadcast
from whatsapp.errors import BadAudience, WhatsappError
from whatsapp.models import Broadcast, MessageTemplate
from whatsapp.numbers import template_sync
from whatsapp.pages import pasting, reading, wizard
from whatsapp.pages.bubble import bubble
from whatsapp.pages.details_form import DetailsForm
from whatsapp.pages.file_question import answer_in, question_context
from whatsapp.pages.people_form import PASTE, PeopleForm
from whatsapp.pages.wizard import Gathered
from whatsapp.people.messaging_settings import region_of
from whatsapp.states import SENDABLE_TEMPLATES
from whatsapp.tables import uploads
from whatsapp.tables.readings import Answers, FileQuestion
from whatsapp.template_variables import TemplateVariable, UnsupportedTemplate, variables_of

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
    """Third step: values, name and time. It creates the broadcast as a draft, whose page shows the pre-flight.

    Before that it asks what is unclear about a file, one question after the other.
    """
    found = _gathered(request)
    if found is None or not found[0].kind:
        return redirect("broadcast-new", slug=request.business.slug)
    gathered, template = found
    if given := answer_in(request.POST):
        answers = Answers.from_kept(gathered.answers).plus(*given)
        wizard.store(request.session, request.business, gathered.with_answers(answers))
        return redirect("broadcast-new-details", slug=request.business.slug)
    try:
        variables = variables_of(template.components, template.parameter_format)
        seen = _seen(request.business, gathered, variables)
    except FileQuestion as question:
        context = {**question_context(question), "gathered": gathered}
        return render(request, "whatsapp/broadcast_new_question.html", context)
    except (WhatsappError, UnsupportedTemplate) as error:
        return _refused(request, str(error))
    header = seen.header if seen else []
    form = DetailsForm(
        request.POST or None,
        business=request.business,
        choice=gathered.choice,
        header=header,
        phone=seen.phone if seen else None,
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
    sample = [row.cells for row in seen.rows[:SAMPLE_ROWS]] if seen else []
    context = {
        "form": form,
        "template": template,
        "gathered": gathered,
        "header": names_of(header),
        "sample": sample,
        "notes": seen.notes if seen else (),
        "bubble": _bubble(template, _first_values(form, names_of(header), sample)),
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
    values, business = form.cleaned_data, request.business
    if values["source"] == PASTE:
        text, answers = pasting.tidied(values["pasted"], region_of(business))
        name = uploads.keep_text(business, text)
        return _checked(business, gathered.with_choice(choice, upload=name, answers=answers))
    file = values["file"]
    name = uploads.keep(business, file.file, file.size)
    return _checked(business, gathered.with_choice(choice, upload=name, file_name=file.name))


def _checked(business: Business, gathered: Gathered) -> Gathered:
    """Returns what was gathered if its file can be used, as it is or after a question. Raises `BadAudience`."""
    try:
        _seen(business, gathered, ())
    except FileQuestion:
        return gathered
    except BadAudience:
        uploads.forget(business, gathered.upload)
        raise
    return gathered


def _seen(business: Business, gathered: Gathered, variables: Sequence[TemplateVariable]) -> Settled | None:
    """Returns how the file is read; None for other kinds of people. Raises `FileQuestion` or `BadAudience`."""
    if not gathered.upload:
        return None
    with uploads.opened(business, gathered.upload) as file:
        return settle(
            file,
            of=business.pk,
            region=region_of(business),
            answers=Answers.from_kept(gathered.answers),
            expected=[variable.key for variable in variables],
        )


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
            answers=Answers.from_kept(gathered.answers),
            timing=form.timing(),
            canary_size=form.cleaned_data["canary_size"],
            budget=form.cleaned_data["budget"],
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
