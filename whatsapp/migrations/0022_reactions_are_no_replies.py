"""Reactions, edits and notices that were counted as replies to a broadcast are so no longer. Repeatable."""

from django.db import migrations

NO_REPLIES = ("edit", "revoke", "reaction", "system", "unsupported", "unknown", "errors")


def forwards(apps, schema_editor):
    messages = apps.get_model("whatsapp", "InboundMessage")._base_manager.using(schema_editor.connection.alias)
    messages.filter(kind__in=NO_REPLIES, recipient__isnull=False).update(recipient=None)


class Migration(migrations.Migration):

    dependencies = [
        ('whatsapp', '0021_refusals'),
    ]

    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop, elidable=True),
    ]
