"""Trying everything that an installation needs, from outside in: `manage.py doctor`."""
