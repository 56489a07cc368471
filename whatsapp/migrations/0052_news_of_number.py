from django.db import migrations, models

from businesses.adding_indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("whatsapp", "0051_choices_to_confirm"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="webhooknews",
            index=models.Index(fields=["number_id", "received_at"], name="news_of_number"),
        ),
    ]
