"""URLs of a business's own pages, below /b/<slug>/."""

from django.urls import path

from businesses.pages import audit, costs, hours, integrations, keeping, members, persons, settings, tokens, webhooks

urlpatterns = [
    path("settings/", settings.settings, name="settings"),
    path("settings/keeping/", keeping.keeping, name="keeping"),
    path("hours/", hours.hours, name="hours"),
    path("hours/add/", hours.add, name="hours-add"),
    path("hours/holidays/", hours.add_holidays, name="hours-holidays"),
    path("hours/<uuid:special_id>/remove/", hours.remove, name="hours-remove"),
    path("hours/<uuid:special_id>/restore/", hours.restore, name="hours-restore"),
    path("person/", persons.person_of_number, name="person"),
    path("person/erasures/<uuid:erasure_id>/", persons.erasure, name="erasure"),
    path("settings/costs/", costs.costs, name="costs"),
    path("settings/costs.csv", costs.export, name="costs-export"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export/", audit.export, name="audit-export"),
    path("integrations/", integrations.integrations, name="integrations"),
    path("integrations/webhooks/", webhooks.add, name="webhook-add"),
    path("integrations/webhooks/<uuid:endpoint_id>/", webhooks.webhook, name="webhook"),
    path("integrations/webhooks/<uuid:endpoint_id>/change/", webhooks.change, name="webhook-change"),
    path("integrations/webhooks/<uuid:endpoint_id>/switch/", webhooks.switch, name="webhook-switch"),
    path("integrations/webhooks/<uuid:endpoint_id>/secret/", webhooks.rotate, name="webhook-secret"),
    path("integrations/webhooks/<uuid:endpoint_id>/try/", webhooks.try_out, name="webhook-try"),
    path("integrations/webhooks/<uuid:endpoint_id>/remove/", webhooks.remove, name="webhook-remove"),
    path("integrations/messages/<uuid:delivery_id>/again/", webhooks.send_again, name="webhook-again"),
    path("integrations/tokens/", tokens.make, name="token-make"),
    path("integrations/tokens/<uuid:token_id>/revoke/", tokens.revoke, name="token-revoke"),
    path("members/", members.members, name="members"),
    path("members/second-factor/", members.demand_second_factor, name="member-second-factor"),
    path("members/invite/", members.invite, name="member-invite"),
    path("members/<uuid:membership_id>/role/", members.change_role, name="member-role"),
    path("members/<uuid:membership_id>/permissions/", members.allow, name="member-permissions"),
    path("members/<uuid:membership_id>/remove/", members.remove, name="member-remove"),
    path("invitations/<uuid:invitation_id>/withdraw/", members.withdraw, name="invitation-withdraw"),
]
