"""URLs of a business's own pages, below /b/<slug>/."""

from django.urls import path

from businesses.pages import audit, members, settings

urlpatterns = [
    path("settings/", settings.settings, name="settings"),
    path("audit/", audit.audit, name="audit"),
    path("members/", members.members, name="members"),
    path("members/invite/", members.invite, name="member-invite"),
    path("members/<uuid:membership_id>/role/", members.change_role, name="member-role"),
    path("members/<uuid:membership_id>/remove/", members.remove, name="member-remove"),
    path("invitations/<uuid:invitation_id>/withdraw/", members.withdraw, name="invitation-withdraw"),
]
