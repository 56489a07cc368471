"""The third step of a broadcast: values, name and time. It makes the draft one that can be checked and started.

Before that it asks what is unclear about a file, one question after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import BinaryIO, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from businesses.pages.access import PageRequest
from whatsapp.audience.choice import FileChoice
from whatsapp.audience.file_settling import Settled, settle
from whatsapp.audience.phone_column import names_of
from whatsapp.audience.sources import choice_of
from whatsapp.broadcasts import drafts
from whatsapp.broadcasts.creation import NewBroadcast
from whatsapp.errors import BadAudience, EditedElsewhere, WhatsappError
from whatsapp.models import Broadcast, BroadcastSeries, MessageTemplate, Sender
from whatsapp.numbers import template_sync
from whatsapp.pages import reading
from whatsapp.pages.details_form import DetailsForm
from whatsapp.pages.details_known import known_details
from whatsapp.pages.draft_step import draft_step, edition_in, refused, to_page
from whatsapp.pages.file_question import answer_in, question_context
from whatsapp.pages.first_people import first_bubbles, values_of_earlier
from whatsapp.pages.series import to_series
from whatsapp.people.messaging_settings import region_of
from whatsapp.reasons import Cause
from whatsapp.series import plans
from whatsapp.states import NextStep
from whatsapp.tables.readings import Answers, FileQuestion
from whatsapp.template_variables import TemplateVariable, UnsupportedTemplate, variables_of

SAMPLE_ROWS = 5
PREVIEW = "preview"
"""The button that shows the message with the values of the first people, and stores nothing."""


@draft_step
def details(request: PageRequest, draft: Broadcast) -> HttpResponse:
    """Ask for values, name and time; then show the draft's page, which is the pre-flight."""
    if draft.next_step == NextStep.PEOPLE:
        return to_page(draft)
    if given := answer_in(request.POST):
        return _answered(request, draft, given)
    try:
        template, sender = template_sync.find(request.business, draft.template_name, draft.template_language)
        variables = variables_of(template.components, template.parameter_format)
        seen = _seen(draft, variables)
    except FileQuestion as question:
        context = {**question_context(question), "draft": draft, "edition": draft.edition}
        return render(request, "whatsapp/broadcast_new_question.html", context)
    except (WhatsappError, UnsupportedTemplate) as error:
        return refused(request, str(error), draft)
    form = DetailsForm(
        request.POST or None,
        business=request.business,
        choice=choice_of(draft),
        header=seen.header if seen else [],
        phone=seen.phone if seen else None,
        variables=variables,
        earlier=values_of_earlier(draft, choice_of(draft)),
        initial={"repeat_first": timezone.localdate(), **known_details(draft)},
    )
    if PREVIEW not in request.POST and (done := _completed(request, draft, form, template, sender)):
        return done
    return _shown(request, draft, form, seen)


def _completed(
    request: PageRequest, draft: Broadcast, form: DetailsForm, template: MessageTemplate, sender: Sender
) -> HttpResponse | None:
    """Returns the way on if the form was sent and is stored; what is wrong with it is added to its errors."""
    if edition_in(request, draft) != draft.edition:
        form.add_error(None, str(EditedElsewhere()))
    elif form.is_valid():
        new = NewBroadcast(template, sender, form.choice_so_far())
        try:
            if form.repeats():
                return to_series(_recurring(request, draft, new, form))
            _complete(request, draft, new, form)
        except WhatsappError as error:
            form.add_error(None, str(error))
        else:
            return to_page(draft)
    return None


def _recurring(request: PageRequest, draft: Broadcast, new: NewBroadcast, form: DetailsForm) -> BroadcastSeries:
    """Make the draft a recurring broadcast, or change the one that it edits. Raises `WhatsappError`."""
    values = form.cleaned_data
    whole = replace(new, name=values["name"], timing=form.timing(), budget=values["budget"])
    return plans.save(
        draft,
        whole,
        form.repeat(request.business.time_zone),
        only_new=values["repeat_only_new"],
        edition=edition_in(request, draft),
        now=timezone.now(),
        actor=request.user,
    )


def _answered(request: PageRequest, draft: Broadcast, given: tuple[str, str]) -> HttpResponse:
    try:
        drafts.answer(draft, *given, edition=edition_in(request, draft))  # type: ignore[arg-type]
    except WhatsappError as error:
        messages.error(request, str(error))
    return redirect("broadcast-edit-details", slug=request.business.slug, broadcast_id=draft.pk)


def _seen(draft: Broadcast, variables: Sequence[TemplateVariable]) -> Settled | None:
    """Returns how the file is read; None for other kinds of people. Raises `FileQuestion` or `BadAudience`."""
    if not isinstance(choice_of(draft), FileChoice):
        return None
    with _file_of(draft) as file:
        return settle(
            file,
            of=draft.business_id,
            region=region_of(draft.business),
            answers=Answers.from_kept(draft.file_answers),
            expected=[variable.key for variable in variables],
        )


def _file_of(draft: Broadcast) -> BinaryIO:
    try:
        return cast("BinaryIO", draft.audience_file.open("rb"))
    except (OSError, ValueError):
        raise BadAudience(Cause.FILE_GONE) from None


def _complete(request: PageRequest, draft: Broadcast, new: NewBroadcast, form: DetailsForm) -> None:
    """Store it all and read the people. Raises `WhatsappError`, and has changed nothing then."""
    values, now = form.cleaned_data, timezone.now()
    with _file_of(draft) if isinstance(new.choice, FileChoice) else nullcontext() as file:
        whole = NewBroadcast(
            template=new.template,
            sender=new.sender,
            choice=new.choice,
            name=values["name"],
            file=file,
            answers=Answers.from_kept(draft.file_answers),
            timing=form.timing(),
            canary_size=values["canary_size"],
            budget=values["budget"],
        )
        drafts.complete(draft, whole, edition=edition_in(request, draft), now=now, actor=request.user)
    reading.begin(draft, now=now)


def _shown(request: PageRequest, draft: Broadcast, form: DetailsForm, seen: Settled | None) -> HttpResponse:
    """Show the form, or only the preview if a script asks for it."""
    bubbles = first_bubbles(form, draft.template, seen)
    if PREVIEW in request.POST and "HX-Request" in request.headers:
        return render(request, "whatsapp/broadcast_first_people.html", {"bubbles": bubbles})
    header = names_of(seen.header) if seen else []
    sample = [row.cells for row in seen.rows[:SAMPLE_ROWS]] if seen else []
    context = {
        "form": form,
        "draft": draft,
        "edition": draft.edition,
        "header": header,
        "sample": sample,
        "notes": seen.notes if seen else (),
        "bubbles": bubbles,
    }
    is_refused = bool(form.errors) and PREVIEW not in request.POST
    return render(request, "whatsapp/broadcast_new_details.html", context, status=422 if is_refused else 200)
