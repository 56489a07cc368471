"""One fault after another in a whole installation, while it answers calls and sends a broadcast: `make faults`."""
