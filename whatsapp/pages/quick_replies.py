"""The page of a business's quick replies: add, change, remove."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from businesses.pages.access import PageRequest, business_page
from whatsapp.inbox import quick_replies
from whatsapp.models import QuickReply


class QuickReplyForm(forms.Form):
    """A short text and its name."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})
    )
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=1_000, widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"})
    )


@require_safe
@business_page(section="inbox")
def replies(request: PageRequest) -> HttpResponse:
    """Show the quick replies."""
    return _page(request, QuickReplyForm())


@business_page(section="inbox", action_of="quick-replies")
def add(request: PageRequest) -> HttpResponse:
    """Add one."""
    form = QuickReplyForm(request.POST)
    if form.is_valid() and QuickReply.objects.filter(business=request.business).count() >= quick_replies.MOST_REPLIES:
        form.add_error(None, _("A business has at most %(most)s quick replies.") % {"most": quick_replies.MOST_REPLIES})
    if form.is_valid() and _kept(request, QuickReply(business=request.business), form):
        return _done(request, _("Quick reply added."))
    return _page(request, form, status=422)


@business_page(section="inbox", action_of="quick-replies")
def change(request: PageRequest, reply_id: UUID) -> HttpResponse:
    """Change one."""
    reply = get_object_or_404(QuickReply, business=request.business, pk=reply_id)
    form = QuickReplyForm(request.POST, auto_id=f"{reply_id}-%s")
    if form.is_valid() and _kept(request, reply, form):
        return _done(request, _("Saved."))
    return _page(request, QuickReplyForm(), changed={reply_id: form}, status=422)


@business_page(section="inbox", action_of="quick-replies")
def remove(request: PageRequest, reply_id: UUID) -> HttpResponse:
    """Remove one."""
    get_object_or_404(QuickReply, business=request.business, pk=reply_id).delete()
    return _done(request, _("Quick reply removed."))


def _kept(request: PageRequest, reply: QuickReply, form: QuickReplyForm) -> bool:
    reply.name, reply.text = form.cleaned_data["name"], form.cleaned_data["text"]
    try:
        with transaction.atomic():
            reply.save()
    except IntegrityError:
        form.add_error("name", _("There is a quick reply of this name already."))
        return False
    return True


def _done(request: PageRequest, words: str) -> HttpResponse:
    quick_replies.changed(request.business)
    messages.success(request, words)
    return redirect("quick-replies", slug=request.business.slug)


def _page(
    request: PageRequest, form: QuickReplyForm, *, changed: dict[UUID, QuickReplyForm] | None = None, status: int = 200
) -> HttpResponse:
    def form_of(reply: QuickReply) -> QuickReplyForm:
        initial: dict[str, Any] = {"name": reply.name, "text": reply.text}
        return (changed or {}).get(reply.pk) or QuickReplyForm(initial=initial, auto_id=f"{reply.pk}-%s")

    found = QuickReply.objects.filter(business=request.business)
    context = {"form": form, "replies": [(reply, form_of(reply)) for reply in found]}
    return render(request, "whatsapp/quick_replies.html", context, status=status)
