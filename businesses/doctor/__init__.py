"""What `manage.py doctor` tries: the apps register their checks here, and `platform/doctor/` runs them."""
