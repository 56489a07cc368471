"""Calendars as ICS files (RFC 5545): what is booked for other programs, and when a person is busy elsewhere."""
