"""Why a call ended and why a greeting could not be recorded are stored as codes with their data.

The columns of sentences stay: `end_reason` under another name in the model, `error` as it was, so that processes of
version 0.1 can go on writing them while this one is being installed. They leave the models in the next release.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("calls", "0004_outcome_in_true_words"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("call", "end_reason", "old_end_reason"),
                migrations.AlterField(
                    "call",
                    "old_end_reason",
                    models.CharField(blank=True, db_column="end_reason", default="", editable=False, max_length=300),
                ),
            ],
        ),
        migrations.AddField(
            "call",
            "end_reason",
            models.CharField(
                blank=True, db_column="end_code", db_default="", default="", max_length=30,
                help_text="`EndReason` of calls/conversation/end_reasons.py", verbose_name="why it ended",
            ),
        ),
        migrations.AddField(
            "call",
            "end_detail",
            models.JSONField(
                blank=True, db_default={}, default=dict,
                help_text="`cause`: a code; `text`: what an older version wrote",
            ),
        ),
        migrations.AddField(
            "greetingaudio",
            "failure",
            models.CharField(
                blank=True, db_default="", default="", max_length=20, help_text="`SpeechFault` of calls/errors.py"
            ),
        ),
        migrations.AddField("greetingaudio", "failure_detail", models.JSONField(blank=True, db_default={}, default=dict)),
        migrations.AlterField(
            "greetingaudio", "error", models.CharField(blank=True, default="", editable=False, max_length=300)
        ),
    ]
