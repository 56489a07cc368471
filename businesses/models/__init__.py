"""Users, businesses, members, invitations, phone numbers, daily limits and the audit log."""

from businesses.models.audit import AuditEntry, AuditKind
from businesses.models.business import Business, Language, Voice
from businesses.models.limits import DailyLimits, DayUsage, Limit
from businesses.models.members import Invitation, Membership, Role
from businesses.models.numbers import PhoneNumber
from businesses.models.people import EmailUserManager, User

__all__ = [
    "AuditEntry",
    "AuditKind",
    "Business",
    "DailyLimits",
    "DayUsage",
    "EmailUserManager",
    "Invitation",
    "Language",
    "Limit",
    "Membership",
    "PhoneNumber",
    "Role",
    "User",
    "Voice",
]
