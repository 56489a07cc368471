"""URLs of people, whatever businesses they belong to: invitations, and their own sessions."""

from django.urls import path

from businesses.pages import calendar_feed, invitation, sessions

urlpatterns = [
    path("invitations/<str:token>/", invitation.join, name="join"),
    path("calendar/feed/<str:token>.ics", calendar_feed.feed, name="calendar-feed"),
    path("accounts/sessions/", sessions.sessions, name="sessions"),
    path("accounts/sessions/end/", sessions.end_sessions, name="sessions-end"),
]
