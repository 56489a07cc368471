"""Tools for tests and checks: temporary servers, settings, and processes of this project."""
