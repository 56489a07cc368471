"""URLs of people, whatever businesses they belong to: invitations, and their own sessions."""

from django.urls import path

from businesses.pages import invitation, sessions

urlpatterns = [
    path("invitations/<str:token>/", invitation.join, name="join"),
    path("accounts/sessions/", sessions.sessions, name="sessions"),
    path("accounts/sessions/end/", sessions.end_sessions, name="sessions-end"),
]
