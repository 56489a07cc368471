"""Attempts to get in, to speak for another business, or to run up a bill. `make attack` runs only these.

Each module's docstring says what is defended; each test is an attempt by a stranger, a business's owner or its staff.
"""
