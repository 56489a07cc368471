"""Nothing reads when a piece of news happened. Its column leaves the table in the next release: old code writes it."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('whatsapp', '0012_sentences_leave_the_state'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(
                    model_name='webhooknews',
                    name='event_at',
                ),
            ],
        ),
    ]
