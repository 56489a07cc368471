from django.db import migrations, models

from businesses.adding_indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("calls", "0035_transfers_announced"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="call",
            index=models.Index(fields=["business", "caller_number", "-started_at"], name="call_by_caller"),
        ),
    ]
