from django.db import migrations


def keep_for_long(apps, schema_editor):
    """Businesses from before retention existed lose nothing by the upgrade: they keep all of it for ten years.

    Their owners choose shorter times on the page “What is kept”. Raw notices, which nobody reads, go after a year.
    """
    Business, Retention = (apps.get_model("businesses", name) for name in ("Business", "Retention"))
    chosen = {"messages_days": 3650, "transcripts_days": 3650, "traces_days": 3650, "callers_days": 3650}
    known = set(Retention._base_manager.values_list("business_id", flat=True))
    Retention._base_manager.bulk_create(
        (
            Retention(business_id=key, news_days=365, audit_days=3650, **chosen)
            for key in Business._base_manager.values_list("pk", flat=True)
            if key not in known
        ),
        batch_size=500,
    )


def usual_notice(apps, schema_editor):
    """Businesses that don't record get the usual notice for the day on which they begin to. Nobody hears it now."""
    apps.get_model("businesses", "Business")._base_manager.filter(record_calls=False).update(recording_notice=None)


class Migration(migrations.Migration):
    dependencies = [("businesses", "0013_keeping")]

    operations = [
        migrations.RunPython(keep_for_long, migrations.RunPython.noop),
        migrations.RunPython(usual_notice, migrations.RunPython.noop),
    ]
