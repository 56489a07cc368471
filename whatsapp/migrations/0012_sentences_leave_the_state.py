"""The columns of sentences leave the models; the next release drops them from the tables.

Processes of the version before still read and write them while this one is being started.
"""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('whatsapp', '0011_sentences_to_codes'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(
                    model_name='broadcast',
                    name='status_detail',
                ),
                migrations.RemoveField(
                    model_name='broadcastevent',
                    name='detail',
                ),
                migrations.RemoveField(
                    model_name='broadcastevent',
                    name='what',
                ),
                migrations.RemoveField(
                    model_name='contactimport',
                    name='error',
                ),
                migrations.RemoveField(
                    model_name='contactimport',
                    name='language',
                ),
                migrations.RemoveField(
                    model_name='rejectedrow',
                    name='reason',
                ),
                migrations.RemoveField(
                    model_name='sender',
                    name='health_detail',
                ),
            ],
        ),
    ]
