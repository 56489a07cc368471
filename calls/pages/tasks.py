"""What is to be done after calls: the list, giving a task to somebody, marking it as done, and taking that back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from businesses.known_people import people_with
from businesses.models import Business, Membership
from businesses.pages import badges
from businesses.pages.access import PageRequest, business_page
from businesses.pages.listing import listing
from calls.followups import todo
from calls.models import OutgoingCall, Task, TaskKind, TaskState

MOST_MEMBERS = 200
EVERYBODY, MINE, NOBODY = "", "mine", "nobody"
ALL = "all"
CALL = "call"


class TaskFilters(forms.Form):
    """Which tasks to show: the open ones, unless something else is chosen."""

    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", TaskState.OPEN.label),
            (TaskState.DONE.value, TaskState.DONE.label),
            (ALL, gettext_lazy("All")),
        ],
    )
    whose = forms.ChoiceField(
        label=gettext_lazy("Who does it"),
        required=False,
        choices=[
            (EVERYBODY, gettext_lazy("Anybody")),
            (MINE, gettext_lazy("I do")),
            (NOBODY, gettext_lazy("Nobody yet")),
        ],
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), required=False, choices=[("", gettext_lazy("Any")), *TaskKind.choices]
    )

    def chosen(self, request: PageRequest) -> QuerySet[Task]:
        """Returns the matching tasks; none if the form is invalid."""
        if not self.is_valid():
            return Task.objects.none()
        wanted = self.cleaned_data
        found = Task.objects.filter(business=request.business)
        if wanted["state"] != ALL:
            found = found.filter(state=wanted["state"] or TaskState.OPEN)
        if wanted["kind"]:
            found = found.filter(kind=wanted["kind"])
        if wanted["whose"] == MINE:
            found = found.filter(assigned_to__user=request.user)
        if wanted["whose"] == NOBODY:
            found = found.filter(assigned_to=None)
        found = found.select_related("assigned_to__user", "done_by", "voicemail")
        return found.order_by("-done_at", "pk") if wanted["state"] == TaskState.DONE else todo.in_order(found)


class GivingForm(forms.Form):
    """Who does a task, and by when."""

    member = forms.ModelChoiceField(Membership.objects.none(), required=False)
    due = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])

    def __init__(self, business: Business, data: Any) -> None:
        super().__init__(data)
        members = Membership.objects.filter(business=business)
        self.fields["member"].queryset = members  # type: ignore[attr-defined]


@require_safe
@business_page(section="tasks")
def tasks(request: PageRequest) -> HttpResponse:
    """List what is to be done."""
    filters = TaskFilters(request.GET)
    found = listing(request, filters.chosen(request))
    _add_outgoing(found.rows)
    members = Membership.objects.filter(business=request.business).select_related("user")[:MOST_MEMBERS]
    context = {
        "filters": filters,
        "listing": found,
        "is_filtered": any(request.GET.get(name) for name in filters.fields),
        "known": people_with(request.business, {task.number for task in found.rows}),
        "members": sorted(((each.pk, each.user.shown_name) for each in members), key=lambda each: each[1]),
        "just_done": _just_done(request),
        "now": timezone.now(),
    }
    return render(request, "calls/tasks.html", context, status=422 if filters.errors else 200)


def _add_outgoing(tasks: Iterable[Task]) -> None:
    """Set on each task the last call that the assistant made, or is to make, for it."""
    last: dict[UUID, OutgoingCall] = {}
    for row in OutgoingCall.objects.filter(task__in=tasks).order_by("asked_at", "try_number"):
        if row.task_id:
            last[row.task_id] = row
    for task in tasks:
        task.outgoing = last.get(task.pk)  # type: ignore[attr-defined]


def _just_done(request: PageRequest) -> Task | None:
    """Returns the task that the last click finished, so that the page offers to take it back."""
    try:
        key = UUID(request.GET.get("just", ""))
    except ValueError:
        return None
    return Task.objects.filter(Q(business=request.business, state=TaskState.DONE), pk=key).first()


@business_page(section="tasks", action_of="tasks")
def done(request: PageRequest, task_id: UUID) -> HttpResponse:
    """Mark a task as done."""
    task = _task(request, task_id)
    if not todo.finish(task, by=request.user, now=timezone.now()):
        messages.info(request, _("This was done already."))
        return _back(request, task)
    badges.forget(request.business)
    return _back(request, task, just=True)


@business_page(section="tasks", action_of="tasks")
def reopen(request: PageRequest, task_id: UUID) -> HttpResponse:
    """Mark a task as open again."""
    task = _task(request, task_id)
    if todo.reopen(task):
        badges.forget(request.business)
        messages.success(request, _("The task is open again."))
    return _back(request, task)


@business_page(section="tasks", action_of="tasks")
def give(request: PageRequest, task_id: UUID) -> HttpResponse:
    """Give a task to a member, or to nobody, and say by when it is due."""
    task = _task(request, task_id)
    form = GivingForm(request.business, request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose somebody of the list, and a date and time like 2026-12-24 15:00."))
        return _back(request, task)
    member: Membership | None = form.cleaned_data["member"]
    todo.give(task, member, form.cleaned_data["due"])
    messages.success(
        request,
        _("%(member)s has this task now.") % {"member": member.user.shown_name}
        if member
        else _("Nobody has this task now."),
    )
    return _back(request, task)


def _task(request: PageRequest, task_id: UUID) -> Task:
    return get_object_or_404(Task, pk=task_id, business=request.business)


def _back(request: PageRequest, task: Task, *, just: bool = False) -> HttpResponseRedirect:
    """Returns a redirect to where the click was: the task's call, or the list as it was filtered.

    `just`: it was finished by this click, and the list offers to take that back. On a call's page it always can be.
    """
    if request.GET.get("back") == CALL and task.call_id:
        address = reverse("call", kwargs={"slug": request.business.slug, "call_id": task.call_id})
        return HttpResponseRedirect(f"{address}#to-do")
    query = request.GET.copy()
    query.pop("just", None)
    if just:
        query["just"] = str(task.pk)
    address = reverse("tasks", kwargs={"slug": request.business.slug})
    return HttpResponseRedirect(f"{address}?{query.urlencode()}" if query else address)
