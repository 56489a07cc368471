from django.db import migrations, models

from businesses.adding_indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("whatsapp", "0049_chats_leave_room"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="webhooknews",
            index=models.Index(fields=["received_at"], name="news_by_age"),
        ),
    ]
