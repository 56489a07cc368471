"""Webhooks: stored at once, applied in the background, in any order and any number of times."""
