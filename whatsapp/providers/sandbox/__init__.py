"""A provider on this machine: nothing leaves it, and everything behaves like WhatsApp."""
