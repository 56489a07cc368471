"""Signing in: the door, how often it may be tried, passwords, second factors, and the sessions behind it."""
