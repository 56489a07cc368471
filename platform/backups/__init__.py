"""Copies of a whole installation, and getting one back: `manage.py backup` and `manage.py restore`."""
