"""The WhatsApp providers, one folder each, behind the interface of `base.py`."""
