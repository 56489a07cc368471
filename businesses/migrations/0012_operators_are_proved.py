from django.db import migrations
from django.db.models import F


def operators_are_proved(apps, schema_editor):
    """Operators were made in the shell. How other accounts came to be isn't known, so theirs stay unproved."""
    people = apps.get_model("businesses", "User").objects
    people.filter(is_superuser=True, email_proved_at=None).update(email_proved_at=F("date_joined"))


class Migration(migrations.Migration):
    dependencies = [("businesses", "0011_accounts")]

    operations = [migrations.RunPython(operators_are_proved, migrations.RunPython.noop)]
