"""Twilio's WhatsApp senders."""
