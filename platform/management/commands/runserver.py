"""`manage.py runserver`: Daphne's. Without it in `INSTALLED_APPS`, only the processes that serve load Daphne."""

from daphne.management.commands.runserver import Command

__all__ = ["Command"]
