"""Webhooks: addresses of a business's own systems, and the messages to them (docs/webhooks.md)."""
