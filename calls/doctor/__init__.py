"""What `manage.py doctor` tries of calls: Twilio's way here, Twilio's account and numbers, OpenAI."""
