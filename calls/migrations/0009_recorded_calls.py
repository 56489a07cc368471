from django.db import migrations
from django.db.models import F


def note_recordings(apps, schema_editor):
    """Note which calls have a recording now; of earlier ones it is no longer known."""
    apps.get_model("calls", "Call")._base_manager.filter(is_recorded=True).update(was_recorded=F("is_recorded"))


class Migration(migrations.Migration):
    dependencies = [("calls", "0008_recording_notice")]

    operations = [migrations.RunPython(note_recordings, migrations.RunPython.noop)]
