"""What members tell each other in a thread: whose it is, and notes that the person never sees."""

from __future__ import annotations

import uuid

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.models import Business, Membership
from businesses.pages.access import PageRequest
from whatsapp.errors import WhatsappError
from whatsapp.inbox import notes
from whatsapp.models import Contact
from whatsapp.pages.asked_for import id_of
from whatsapp.pages.button import button
from whatsapp.pages.standing import person_of

MOST_MEMBERS = 200


class NoteForm(forms.Form):
    """A note; its key `form` turns a double click into one."""

    form = forms.UUIDField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=gettext_lazy("Note for the team"),
        max_length=notes.LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=gettext_lazy("Only members see it. It is never sent."),
    )


def members_of(business: Business) -> list[tuple[uuid.UUID, str]]:
    """Returns the members to whom a thread can be given, by name."""
    found = Membership.objects.filter(business=business).select_related("user")[:MOST_MEMBERS]
    return sorted(((each.pk, each.user.shown_name) for each in found), key=lambda each: each[1])


def own_membership(request: PageRequest) -> uuid.UUID | None:
    """Returns the key of the member who asks; None for an operator, who is none."""
    mine = (each.pk for each in request.user.own_memberships if each.business_id == request.business.pk)
    return next(mine, None)


_button = button(section="inbox", page="thread", find=person_of)


@_button
def assign(request: PageRequest, person: Contact) -> str:
    """Give the thread to a member, or to nobody."""
    member = Membership.objects.filter(business=request.business, pk=id_of(request.POST.get("member", "")))
    chosen = member.select_related("user").first()
    Contact.objects.filter(pk=person.pk).update(assigned_to=chosen)
    if chosen is None:
        return _("Nobody has this thread now.")
    return _("%(member)s has this thread now.") % {"member": chosen.user.shown_name}


@_button
def add_note(request: PageRequest, person: Contact) -> str:
    """Keep a note in the thread."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise WhatsappError(_("Write a note of at most %(most)s characters.") % {"most": f"{notes.LONGEST_NOTE:,}"})
    values = form.cleaned_data
    notes.write(person, values["note"], key=values["form"], by=request.user, now=timezone.now())
    return _("Noted. Only members see it.")


@_button
def remove_note(request: PageRequest, person: Contact) -> str:
    """Remove a note."""
    notes.remove(person, id_of(request.POST.get("note", "")))
    return _("Note removed.")
