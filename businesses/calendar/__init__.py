"""Appointments: who is free when, and booking without doubles."""
