from django.db import migrations, models

from businesses.adding_indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("businesses", "0032_calls_of_reminders"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("status", "booked")), fields=["starts_at"], name="appointment_booked"
            ),
        ),
    ]
