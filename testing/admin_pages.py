"""The models whose pages of the admin a browser visits."""

from __future__ import annotations

ADMIN = (
    "businesses.Appointment",
    "businesses.Business",
    "businesses.Calendar",
    "businesses.KnowledgeEntry",
    "businesses.Membership",
    "businesses.Service",
    "businesses.SpecialDays",
    "businesses.WeekHours",
    "calls.Call",
    "calls.TransferTarget",
    "calls.Task",
    "whatsapp.Broadcast",
    "whatsapp.BroadcastSeries",
    "whatsapp.Contact",
    "whatsapp.MessageTemplate",
    "whatsapp.Segment",
    "whatsapp.Sender",
    "whatsapp.Suppression",
)
"""Models of which a browser visits the admin's list, the form for a new row (if any), and a row."""
