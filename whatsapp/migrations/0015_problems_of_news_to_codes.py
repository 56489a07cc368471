"""Turns the sentences of news that could not be applied into codes. Repeatable: a code is left alone."""

from django.db import migrations

OLD = {
    "It can't be understood": "unreadable",
    "It can't be kept": "unkeepable",
    "It concerns no number": "nobodys",
    "It belongs to no message": "no_message",
}


def forwards(apps, schema_editor):
    news = apps.get_model("whatsapp", "WebhookNews").objects.using(schema_editor.connection.alias)
    for sentence, code in OLD.items():
        news.filter(problem__startswith=sentence).update(problem=code)


class Migration(migrations.Migration):

    dependencies = [
        ('whatsapp', '0014_problems_of_news_as_codes'),
    ]

    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop, elidable=True),
    ]
