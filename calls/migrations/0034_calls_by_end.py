from django.db import migrations, models

from businesses.adding_indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("calls", "0033_news_by_whatsapp"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="call",
            index=models.Index(fields=["ended_at"], name="call_by_end"),
        ),
    ]
