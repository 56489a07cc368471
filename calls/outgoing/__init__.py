"""Calls that the assistant makes: who may be called and when, the queue of such calls, and what becomes of each."""
