"""The country of local numbers is the business's. Its old column stays for a release, filled by the database."""

from django.db import migrations, models


def forwards(apps, schema_editor):
    database = schema_editor.connection.alias
    businesses = apps.get_model("businesses", "Business")._base_manager.using(database)
    for settings in apps.get_model("whatsapp", "MessagingSettings")._base_manager.using(database).exclude(region=""):
        businesses.filter(pk=settings.business_id, local_country="").update(local_country=settings.region.upper())


class Migration(migrations.Migration):
    dependencies = [("businesses", "0017_local_country"), ("whatsapp", "0033_what_is_in_doubt")]
    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="messagingsettings",
            name="region",
            field=models.CharField(blank=True, default="", db_default="", max_length=2),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="messagingsettings", name="region")]
        ),
    ]
