from django.db import migrations, models

from businesses.adding_indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("whatsapp", "0050_news_by_age"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="inboundmessage",
            index=models.Index(
                condition=models.Q(("confirmed_at", None), models.Q(("action", ""), _negated=True)),
                fields=["received_at"],
                name="inbound_unconfirmed",
            ),
        ),
    ]
