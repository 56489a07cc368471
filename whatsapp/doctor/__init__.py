"""What `manage.py doctor` tries of WhatsApp: Meta's way here, and every active number."""
