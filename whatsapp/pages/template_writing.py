"""Owners write templates: a form with a live preview, correcting a rejected one, copying, deleting."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from businesses.pages.access import OWNERS, PageRequest, business_page
from whatsapp.errors import WhatsappError
from whatsapp.models import MessageTemplate, Provider, TemplateCategory
from whatsapp.numbers import opt_out_buttons, template_sync, template_writing
from whatsapp.numbers.connecting import proved_senders
from whatsapp.pages.template_form import SAMPLE, TemplateForm, initial_of
from whatsapp.providers.base import ProviderUnavailable
from whatsapp.template_drafting import NAME_LIMIT, WrittenTemplate, written_from

REFUSED = 422
COPY = "_2"


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="templates", roles=OWNERS)
def new(request: PageRequest) -> HttpResponse:
    """Write a template, also as a copy of another (`?like=`) or one that another page suggests, and hand it over."""
    accounts = template_writing.accounts_to_write_in(request.business)
    if not accounts:
        return _nowhere_to_write(request)
    initial = {"category": TemplateCategory.MARKETING.value, "language": request.business.language}
    initial |= _suggested(request) | _copied(request) | {"account": next(iter(accounts))}
    form = TemplateForm(request.POST or None, initial=initial, accounts=accounts)
    if form.is_valid():
        sender = accounts[form.cleaned_data["account"]]
        try:
            made = template_writing.submit(sender, _tidy(form.written()), now=timezone.now(), marks=form.marks())
        except ProviderUnavailable as problem:
            form.refuse(problem)
        else:
            messages.success(request, _("Handed over to WhatsApp. It is usually looked at within minutes."))
            return redirect("template", slug=request.business.slug, template_id=made.pk)
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="templates", roles=OWNERS)
def change(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Correct a rejected template and hand it over again."""
    found = get_object_or_404(MessageTemplate, pk=template_id)
    sender = template_writing.account_of(found)
    if sender is None or found.status not in template_writing.EDITABLE:
        messages.error(request, _("Only a rejected template can be changed. Duplicate this one instead."))
        return redirect("template", slug=request.business.slug, template_id=found.pk)
    initial = initial_of(_written(found), opt_out_buttons.marks_of(found))
    form = TemplateForm(request.POST or None, initial=initial, accounts={}, fixed=True)
    if form.is_valid():
        written = _tidy(form.written(name=found.name, language=found.language))
        try:
            template_writing.resubmit(found, sender, written, now=timezone.now(), marks=form.marks())
        except (ProviderUnavailable, WhatsappError) as problem:
            form.refuse(problem)
        else:
            messages.success(request, _("Handed over to WhatsApp. It is usually looked at within minutes."))
            return redirect("template", slug=request.business.slug, template_id=found.pk)
    return _form_page(request, form, found)


@business_page(section="templates", roles=OWNERS, action_of="template-new")
def preview(request: PageRequest) -> HttpResponse:
    """Show what was written so far as a bubble, or the fields for examples (`part=samples`). Nothing is stored."""
    accounts = template_writing.accounts_to_write_in(request.business)
    form = TemplateForm(request.POST, accounts=accounts)
    if request.GET.get("part") == "samples":
        return render(request, "whatsapp/template_samples.html", {"samples": form.samples()})
    return render(request, "whatsapp/bubble.html", {"bubble": form.preview()})


@business_page(section="templates", roles=OWNERS, action_of="template")
def delete(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Delete a template at the provider; the page has asked before."""
    found = get_object_or_404(MessageTemplate, pk=template_id)
    sender = template_writing.account_of(found)
    if sender is None:
        raise Http404
    try:
        template_writing.delete(found, sender, now=timezone.now())
    except ProviderUnavailable as problem:
        messages.error(request, _("It was not deleted. %(why)s") % {"why": problem})
        return redirect("template", slug=request.business.slug, template_id=found.pk)
    messages.success(request, _("%(template)s was deleted.") % {"template": found})
    return redirect("templates", slug=request.business.slug)


@require_safe
@business_page(section="templates")
def status(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Answer an open page that waits for approval: nothing new, or that it should load itself again."""
    found = get_object_or_404(MessageTemplate, pk=template_id)
    sender = template_writing.account_of(found)
    if sender is not None and sender.provider == Provider.SANDBOX:  # it is on this machine, so asking costs nothing
        template_sync.sync(sender, now=timezone.now())
        found.refresh_from_db()
    answer = HttpResponse(status=204)
    if found.status != request.GET.get("was"):
        answer["HX-Refresh"] = "true"
    return answer


def _nowhere_to_write(request: PageRequest) -> HttpResponse:
    """Lead to where templates come from: a number at Meta is missing, or all numbers are at Twilio."""
    if proved_senders(request.business):
        messages.info(request, _("Templates of Twilio are written in its console. Then fetch them here."))
        return redirect("templates", slug=request.business.slug)
    messages.error(request, _("Connect a WhatsApp number first."))
    return redirect("senders", slug=request.business.slug)


def _form_page(request: PageRequest, form: TemplateForm, template: MessageTemplate | None) -> HttpResponse:
    context = {"form": form, "template": template, "bubble": form.preview(), "samples": form.samples()}
    return render(request, "whatsapp/template_form.html", context, status=REFUSED if form.errors else 200)


def _written(found: MessageTemplate) -> WrittenTemplate:
    return written_from(found.components, name=found.name, language=found.language, category=found.category)


def _suggested(request: PageRequest) -> dict[str, str]:
    """Returns the form's values that the address brings: name, category and body, and examples as `sample_<name>`."""
    names = ("name", "category", "body")
    return {key: str(text) for key, text in request.GET.items() if key in names or key.startswith(SAMPLE)}


def _copied(request: PageRequest) -> dict[str, str]:
    """Returns the form's values for a copy of the template in the address; its name is free, as far as we know."""
    try:
        like = MessageTemplate.objects.filter(pk=UUID(request.GET.get("like", ""))).first()
    except ValueError:
        like = None
    if like is None:
        return {}
    taken = set(MessageTemplate.objects.filter(business=request.business).values_list("name", flat=True))
    name = like.name[: NAME_LIMIT - 5] + COPY
    while name in taken:
        name = f"{name.rsplit('_', 1)[0]}_{int(name.rsplit('_', 1)[1]) + 1}"
    return initial_of(replace(_written(like), name=name), opt_out_buttons.marks_of(like))


def _tidy(written: WrittenTemplate) -> WrittenTemplate:
    """Returns it without empty quick replies, and with only those samples that are needed."""
    samples = {name: written.samples[name].strip() for name in written.variables}
    return replace(written, replies=[text for text in written.replies if text], samples=samples)
