"""Addresses of broadcasts, below /b/<slug>/broadcasts/."""

from django.urls import path

from whatsapp.pages import broadcast_actions, broadcast_list, broadcast_page, broadcast_people, new_broadcast

urlpatterns = [
    path("", broadcast_list.broadcasts, name="broadcasts"),
    path("new/", new_broadcast.choose_template, name="broadcast-new"),
    path("new/people/", new_broadcast.choose_people, name="broadcast-new-people"),
    path("new/details/", new_broadcast.details, name="broadcast-new-details"),
    path("<uuid:broadcast_id>/", broadcast_page.broadcast, name="broadcast"),
    path("<uuid:broadcast_id>/progress/", broadcast_page.progress, name="broadcast-progress"),
    path("<uuid:broadcast_id>/people/", broadcast_people.people, name="broadcast-people"),
    path("<uuid:broadcast_id>/people.csv", broadcast_people.export, name="broadcast-export"),
    path("<uuid:broadcast_id>/start/", broadcast_actions.start, name="broadcast-start"),
    path("<uuid:broadcast_id>/pause/", broadcast_actions.pause, name="broadcast-pause"),
    path("<uuid:broadcast_id>/resume/", broadcast_actions.resume, name="broadcast-resume"),
    path("<uuid:broadcast_id>/accept-category/", broadcast_actions.accept_category, name="broadcast-accept-category"),
    path("<uuid:broadcast_id>/cancel/", broadcast_actions.cancel, name="broadcast-cancel"),
    path("<uuid:broadcast_id>/retry/", broadcast_actions.retry, name="broadcast-retry"),
    path("<uuid:broadcast_id>/discard/", broadcast_actions.discard, name="broadcast-discard"),
    path("<uuid:broadcast_id>/test/", broadcast_actions.test_message, name="broadcast-test"),
]
