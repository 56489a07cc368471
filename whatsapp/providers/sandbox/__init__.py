"""A provider on this machine: nothing leaves it, and everything looks real."""
