"""Numbers for which a provider has answered before stay active: it gave their state, or accepted a message of theirs.

If two businesses have numbers of one account, the older connection keeps it; every number that is not confirmed here
waits for its proof (`sync_templates`, or "Check now" on the page of numbers), and whoever can prove it takes it over.
Repeatable: a number that is proved is left alone.
"""

import hashlib

from django.db import migrations
from django.utils import timezone

from businesses.credentials import CredentialsUnreadable, decrypt

APP_KEY_LENGTH = 40


def app_key(sender):
    try:
        secret = decrypt(sender.encrypted_credentials).get("app_secret", "")
    except CredentialsUnreadable:
        return ""
    return hashlib.sha256(f"app:{secret}".encode()).hexdigest()[:APP_KEY_LENGTH] if secret else ""


def forwards(apps, schema_editor):
    def rows(name):
        return apps.get_model("whatsapp", name)._base_manager.using(schema_editor.connection.alias)

    accounts = rows("ProvedAccount")
    for sender in rows("Sender").filter(proved_account=None).order_by("created_at", "pk").iterator():
        sender.app_key = app_key(sender)
        was_answered = (
            sender.provider == "sandbox"
            or sender.checked_at is not None
            or rows("Recipient").filter(broadcast__sender=sender, accepted_at__isnull=False).exists()
            or rows("DirectMessage").filter(sender=sender, accepted_at__isnull=False).exists()
        )
        account = None
        if was_answered:
            account, _is_new = accounts.get_or_create(
                provider=sender.provider,
                account_id=sender.account_id,
                defaults={"business_id": sender.business_id, "proved_at": sender.checked_at or timezone.now()},
            )
        if account is not None and account.business_id == sender.business_id:
            sender.proved_account = account
        elif sender.health == "ready":
            sender.health, sender.cause, sender.cause_data = "blocked", "not_proved", {}
        sender.save(
            update_fields=["app_key", "proved_account", "health", "cause", "cause_data"]
        )


class Migration(migrations.Migration):

    dependencies = [
        ('whatsapp', '0019_numbers_are_proved'),
    ]

    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop, elidable=True),
    ]
