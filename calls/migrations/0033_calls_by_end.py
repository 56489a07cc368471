from django.db import migrations, models

from businesses.adding_indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("calls", "0032_calls_about_appointments"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="call",
            index=models.Index(fields=["ended_at"], name="call_by_end"),
        ),
    ]
