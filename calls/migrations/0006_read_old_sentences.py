"""The sentences of version 0.1 as codes. Each distinct sentence is read once; the sentences themselves stay."""

from django.db import migrations

from calls.records import old_sentences


def read_end_reasons(apps, schema_editor):
    """Fill in why calls ended."""
    ended = apps.get_model("calls", "Call").objects.filter(end_reason="").exclude(old_end_reason="")
    for sentence in ended.order_by().values_list("old_end_reason", flat=True).distinct():
        code, detail = old_sentences.end_reason(sentence)
        ended.filter(old_end_reason=sentence).update(end_reason=code.value, end_detail=detail)


def read_speech_faults(apps, schema_editor):
    """Fill in why greetings could not be recorded."""
    failed = apps.get_model("calls", "GreetingAudio").objects.filter(failure="").exclude(error="")
    for sentence in failed.order_by().values_list("error", flat=True).distinct():
        fault, detail = old_sentences.speech_fault(sentence)
        failed.filter(error=sentence).update(failure=fault.value, failure_detail=detail)


class Migration(migrations.Migration):

    dependencies = [
        ("calls", "0005_reasons_as_codes"),
    ]

    operations = [
        migrations.RunPython(read_end_reasons, migrations.RunPython.noop),
        migrations.RunPython(read_speech_faults, migrations.RunPython.noop),
    ]
