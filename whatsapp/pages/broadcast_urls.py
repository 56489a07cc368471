"""Addresses of broadcasts, below /b/<slug>/broadcasts/."""

from django.urls import include, path

from whatsapp.pages import (
    broadcast_actions,
    broadcast_list,
    broadcast_page,
    broadcast_people,
    broadcast_result,
    draft_details,
    draft_people,
    draft_template,
    series,
)

recurring = [
    path("", series.series, name="series"),
    path("start/", series.start, name="series-start"),
    path("pause/", series.pause, name="series-pause"),
    path("resume/", series.resume, name="series-resume"),
    path("stop/", series.stop, name="series-stop"),
    path("edit/", series.edit, name="series-edit"),
]

urlpatterns = [
    path("", broadcast_list.broadcasts, name="broadcasts"),
    path("new/", draft_template.new, name="broadcast-new"),
    path("new/people/", draft_template.moved, name="broadcast-new-people"),
    path("new/details/", draft_template.moved, name="broadcast-new-details"),
    path("series/", series.series_list, name="series-list"),
    path("series/<uuid:series_id>/", include(recurring)),
    path("<uuid:broadcast_id>/", broadcast_page.broadcast, name="broadcast"),
    path("<uuid:broadcast_id>/edit/", broadcast_actions.edit, name="broadcast-edit"),
    path("<uuid:broadcast_id>/edit/template/", draft_template.change, name="broadcast-edit-template"),
    path("<uuid:broadcast_id>/edit/people/", draft_people.choose_people, name="broadcast-edit-people"),
    path("<uuid:broadcast_id>/edit/people/count/", draft_people.count, name="broadcast-count"),
    path("<uuid:broadcast_id>/edit/details/", draft_details.details, name="broadcast-edit-details"),
    path("<uuid:broadcast_id>/duplicate/", broadcast_actions.duplicate, name="broadcast-duplicate"),
    path("<uuid:broadcast_id>/progress/", broadcast_page.progress, name="broadcast-progress"),
    path("<uuid:broadcast_id>/result/", broadcast_result.result, name="broadcast-result"),
    path("<uuid:broadcast_id>/follow-up/", broadcast_result.follow_up, name="broadcast-follow-up"),
    path("<uuid:broadcast_id>/people/", broadcast_people.people, name="broadcast-people"),
    path("<uuid:broadcast_id>/people.csv", broadcast_people.export, name="broadcast-export"),
    path("<uuid:broadcast_id>/start/", broadcast_actions.start, name="broadcast-start"),
    path("<uuid:broadcast_id>/undo/", broadcast_actions.undo, name="broadcast-undo"),
    path("<uuid:broadcast_id>/pause/", broadcast_actions.pause, name="broadcast-pause"),
    path("<uuid:broadcast_id>/resume/", broadcast_actions.resume, name="broadcast-resume"),
    path("<uuid:broadcast_id>/accept-category/", broadcast_actions.accept_category, name="broadcast-accept-category"),
    path("<uuid:broadcast_id>/cancel/", broadcast_actions.cancel, name="broadcast-cancel"),
    path("<uuid:broadcast_id>/retry/", broadcast_actions.retry, name="broadcast-retry"),
    path("<uuid:broadcast_id>/give-up/", broadcast_actions.give_up, name="broadcast-give-up"),
    path("<uuid:broadcast_id>/discard/", broadcast_actions.discard, name="broadcast-discard"),
    path("<uuid:broadcast_id>/test/", broadcast_actions.test_message, name="broadcast-test"),
]
