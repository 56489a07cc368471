from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0052_news_of_number"),
    ]

    operations = [
        migrations.AddField(model_name="broadcastcourse", name="tally", field=models.JSONField(null=True)),
        migrations.AddField(model_name="broadcastcourse", name="tallied_at", field=models.DateTimeField(null=True)),
    ]
