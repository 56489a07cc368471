from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('businesses', '0001_initial'),
        ('calls', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='call',
            name='alive_at',
            field=models.DateTimeField(help_text='when the process that holds the stream last wrote; long ago: it died', null=True),
        ),
        migrations.AddField(
            model_name='call',
            name='fallback_result',
            field=models.CharField(blank=True, help_text="Twilio's DialCallStatus, when it was rung", max_length=20, verbose_name='fallback number'),
        ),
        migrations.AddField(
            model_name='call',
            name='minutes_charged',
            field=models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=8, verbose_name='minutes charged'),
        ),
        migrations.AddField(
            model_name='call',
            name='stream_error',
            field=models.CharField(blank=True, max_length=300, verbose_name='media stream error'),
        ),
        migrations.AlterField(
            model_name='call',
            name='user_has_spoken',
            field=models.BooleanField(default=False, verbose_name='caller has spoken'),
        ),
        migrations.AddIndex(
            model_name='greetingaudio',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['next_attempt_at'], name='greeting_waiting'),
        ),
    ]
