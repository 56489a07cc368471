"""Fixtures for every test: real processes of this project and databases for them."""

from testing.databases import migrated_database
from testing.servers import celery_worker, daphne

__all__ = ["celery_worker", "daphne", "migrated_database"]
