"""The REST API for a business's own systems (docs/api.md)."""
