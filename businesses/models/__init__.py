"""Users, businesses, members, invitations, phone numbers and the audit log."""

from businesses.models.audit import AuditEntry, AuditKind
from businesses.models.business import Business, Language, SecondFactor, Voice
from businesses.models.members import Invitation, Membership, Permission, Role
from businesses.models.numbers import PhoneNumber
from businesses.models.people import EmailUserManager, User

__all__ = [
    "AuditEntry",
    "AuditKind",
    "Business",
    "EmailUserManager",
    "Invitation",
    "Language",
    "Membership",
    "Permission",
    "PhoneNumber",
    "Role",
    "SecondFactor",
    "User",
    "Voice",
]
