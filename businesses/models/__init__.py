"""Users, businesses, members, hours, knowledge, calendars, reminders, limits, audit log, webhooks, API, processes."""

from businesses.models.api import ApiCreation, ApiToken
from businesses.models.appointments import Appointment, AppointmentStatus, BusyTime, MadeBy
from businesses.models.audit import AuditEntry, AuditKind
from businesses.models.business import Business, Language, SecondFactor, Voice, usual_notice
from businesses.models.calendar_links import CalendarFeed, CalendarSource
from businesses.models.calendar_mails import CalendarMail, MailAbout, MailState
from businesses.models.calendars import Calendar, Service, ServiceCalendar
from businesses.models.heartbeats import Heartbeat
from businesses.models.hours import DayKind, SpecialDays, WeekHours
from businesses.models.keeping import AddressKey, Erasure, Retention
from businesses.models.knowledge import KnowledgeEntry
from businesses.models.limits import DailyLimits, DayUsage, Limit, UsageDetail
from businesses.models.members import Invitation, Membership, Permission, Role
from businesses.models.numbers import PhoneNumber
from businesses.models.people import EmailUserManager, User
from businesses.models.reminders import (
    Filling,
    HoursBefore,
    Reminder,
    ReminderChoices,
    ReminderResult,
    UndeliveredHours,
)
from businesses.models.web_processes import WebProcess
from businesses.models.webhooks import DeliveryState, Happening, SwitchedOff, WebhookDelivery, WebhookEndpoint

__all__ = [
    "AddressKey",
    "ApiCreation",
    "ApiToken",
    "Appointment",
    "AppointmentStatus",
    "AuditEntry",
    "AuditKind",
    "Business",
    "BusyTime",
    "Calendar",
    "CalendarFeed",
    "CalendarMail",
    "CalendarSource",
    "DailyLimits",
    "DayKind",
    "DayUsage",
    "DeliveryState",
    "EmailUserManager",
    "Erasure",
    "Filling",
    "Happening",
    "Heartbeat",
    "HoursBefore",
    "Invitation",
    "KnowledgeEntry",
    "Language",
    "Limit",
    "MadeBy",
    "MailAbout",
    "MailState",
    "Membership",
    "Permission",
    "PhoneNumber",
    "Reminder",
    "ReminderChoices",
    "ReminderResult",
    "Retention",
    "Role",
    "SecondFactor",
    "Service",
    "ServiceCalendar",
    "SpecialDays",
    "SwitchedOff",
    "UndeliveredHours",
    "UsageDetail",
    "User",
    "Voice",
    "WebProcess",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WeekHours",
    "usual_notice",
]
