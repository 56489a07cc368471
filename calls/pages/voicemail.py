"""Voice messages: the page on which an owner chooses when callers are asked for one, and the sound of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from businesses.audit import AuditKind, record
from businesses.changes import changes
from businesses.hours import reading
from businesses.models import Business
from businesses.pages import byte_ranges
from businesses.pages.access import OWNERS, PageRequest, business_page
from calls.models import Voicemail, VoicemailChoices
from calls.pages.call import note_hearing
from calls.records.voicemail_sound import sound_of
from calls.telephone.announcements import Announcement, words
from calls.telephone.voicemail import choices_of

if TYPE_CHECKING:
    _Form = forms.ModelForm[VoicemailChoices]
else:
    _Form = forms.ModelForm

SHOWN = 10


class VoicemailForm(_Form):
    """When callers are asked for a message, with which words, and how long it may be."""

    class Meta:
        model = VoicemailChoices
        fields: ClassVar[list[str]] = ["is_on", "after_transfers", "while_closed", "words", "longest_s"]
        widgets: ClassVar[dict[str, forms.Widget]] = {"words": forms.Textarea(attrs={"dir": "auto", "rows": 3})}


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="settings", roles=OWNERS)
def voicemail(request: PageRequest) -> HttpResponse:
    """Show the choices and the last messages, and save the choices on POST."""
    chosen = choices_of(request.business)
    form = VoicemailForm(request.POST if request.method == "POST" else None, instance=chosen)
    if form.is_valid():
        _choose(request.business, form.save(commit=False))
        messages.success(request, _("Saved. The next call follows it."))
        return redirect("voicemail", slug=request.business.slug)
    left = Voicemail.objects.filter(business=request.business).select_related("call").order_by("-offered_at")
    context = {
        "form": form,
        "is_wrong": bool(form.errors),
        "has_hours": reading.has_hours(request.business),
        "usual": _usual_words(request.business),
        "left": left[:SHOWN],
    }
    return render(request, "calls/voicemail.html", context, status=422 if form.errors else 200)


def _usual_words(business: Business) -> str:
    return " ".join(words(Announcement.LEAVE_A_MESSAGE, business.language).values())


def _choose(business: Business, chosen: VoicemailChoices) -> None:
    """Store what an owner has chosen, and note in the audit log what has changed."""
    with transaction.atomic():
        before = VoicemailChoices.objects.select_for_update().filter(business=business).first()
        chosen.pk, chosen.business = before.pk if before else None, business
        chosen.save()
        if differences := changes(before or VoicemailChoices(business=business), chosen):
            record(business, AuditKind.SETTINGS_CHANGED, of="calls.VoicemailChoices", changes=differences)


@require_safe
@business_page(section="calls")
def sound(request: PageRequest, voicemail_id: UUID) -> HttpResponseBase:
    """Send a message as a WAV file, whole or the range that a player requests."""
    row = get_object_or_404(Voicemail, pk=voicemail_id, business=request.business)
    found = sound_of(row)
    if found is None:
        raise Http404
    note_hearing(request, row.call_id)
    answer = byte_ranges.answer(found, request.headers.get("Range", ""), "audio/wav")
    answer["Content-Disposition"] = f'inline; filename="{voicemail_id}.wav"'
    return answer
