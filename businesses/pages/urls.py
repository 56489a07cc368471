"""URLs of a business's own pages, below /b/<slug>/."""

from django.urls import path

from businesses.pages import appointment, audit, calendar, calendar_settings, keeping, members, persons, settings

urlpatterns = [
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/book/", appointment.new, name="appointment-new"),
    path("calendar/appointments/<uuid:appointment_id>/", appointment.appointment, name="appointment"),
    path("calendar/appointments/<uuid:appointment_id>/move/", appointment.move, name="appointment-move"),
    path("calendar/appointments/<uuid:appointment_id>/cancel/", appointment.cancel, name="appointment-cancel"),
    path("calendar/appointments/<uuid:appointment_id>/restore/", appointment.restore, name="appointment-restore"),
    path("calendar/services/", calendar_settings.services, name="services"),
    path("calendar/services/<uuid:service_id>/", calendar_settings.service, name="service"),
    path("calendar/services/<uuid:service_id>/remove/", calendar_settings.remove_service, name="service-remove"),
    path("calendar/calendars/", calendar_settings.calendars, name="calendars"),
    path("calendar/calendars/<uuid:calendar_id>/", calendar_settings.one_calendar, name="one-calendar"),
    path("calendar/calendars/<uuid:calendar_id>/remove/", calendar_settings.remove_calendar, name="calendar-remove"),
    path("calendar/busy/", calendar_settings.busy, name="busy-times"),
    path("calendar/busy/<uuid:busy_id>/remove/", calendar_settings.remove_busy, name="busy-time-remove"),
    path("settings/", settings.settings, name="settings"),
    path("settings/keeping/", keeping.keeping, name="keeping"),
    path("person/", persons.person_of_number, name="person"),
    path("person/erasures/<uuid:erasure_id>/", persons.erasure, name="erasure"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export/", audit.export, name="audit-export"),
    path("members/", members.members, name="members"),
    path("members/second-factor/", members.demand_second_factor, name="member-second-factor"),
    path("members/invite/", members.invite, name="member-invite"),
    path("members/<uuid:membership_id>/role/", members.change_role, name="member-role"),
    path("members/<uuid:membership_id>/permissions/", members.allow, name="member-permissions"),
    path("members/<uuid:membership_id>/remove/", members.remove, name="member-remove"),
    path("invitations/<uuid:invitation_id>/withdraw/", members.withdraw, name="invitation-withdraw"),
]
