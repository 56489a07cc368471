"""Columns for codes and their data, beside those for sentences: these get defaults, as nothing will write them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('whatsapp', '0009_sender_is_ready_or_blocked'),
    ]

    operations = [
        migrations.AlterField(
            model_name='broadcast',
            name='status_detail',
            field=models.CharField(blank=True, db_default='', max_length=500, verbose_name='in words'),
        ),
        migrations.AlterField(
            model_name='broadcastevent',
            name='detail',
            field=models.CharField(blank=True, db_default='', max_length=500),
        ),
        migrations.AlterField(
            model_name='broadcastevent',
            name='what',
            field=models.CharField(db_default='', max_length=40),
        ),
        migrations.AlterField(
            model_name='contactimport',
            name='error',
            field=models.CharField(blank=True, db_default='', max_length=500, verbose_name='in words'),
        ),
        migrations.AlterField(
            model_name='contactimport',
            name='language',
            field=models.CharField(blank=True, db_default='', max_length=10, verbose_name='language of the reasons'),
        ),
        migrations.AlterField(
            model_name='rejectedrow',
            name='reason',
            field=models.CharField(db_default='', max_length=500, verbose_name='why'),
        ),
        migrations.AlterField(
            model_name='sender',
            name='health_detail',
            field=models.CharField(blank=True, db_default='', max_length=300, verbose_name='what is wrong'),
        ),
        migrations.AddField(
            model_name='broadcast',
            name='cause',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=32, verbose_name='why'),
        ),
        migrations.AddField(
            model_name='broadcast',
            name='cause_data',
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='broadcastevent',
            name='data',
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name='broadcastevent',
            name='kind',
            field=models.CharField(choices=[('created', 'Made'), ('scheduled', 'Scheduled'), ('started', 'Started'), ('missed', 'Missed its time'), ('failed', 'Could not be prepared'), ('running', 'Sending began'), ('paused', 'Paused'), ('resumed', 'Resumed'), ('cancelled', 'Cancelled'), ('ended', 'Ended'), ('completed', 'Ended'), ('reopened', 'Opened again'), ('retried', 'Failed people are tried again'), ('sent_again', 'A message whose answer was lost is sent again'), ('assumed_sent', 'A message whose answer was lost is taken as sent'), ('other', 'Changed')], db_default='', max_length=16, verbose_name='what'),
        ),
        migrations.AddField(
            model_name='contactimport',
            name='cause',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=32, verbose_name='why'),
        ),
        migrations.AddField(
            model_name='contactimport',
            name='cause_data',
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='directmessage',
            name='cause',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=32, verbose_name='why'),
        ),
        migrations.AddField(
            model_name='directmessage',
            name='cause_data',
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='recipient',
            name='cause',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=32, verbose_name='why'),
        ),
        migrations.AddField(
            model_name='recipient',
            name='cause_data',
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='rejectedrow',
            name='cause',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=32, verbose_name='why'),
        ),
        migrations.AddField(
            model_name='rejectedrow',
            name='cause_data',
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='sender',
            name='cause',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=32, verbose_name='why'),
        ),
        migrations.AddField(
            model_name='sender',
            name='cause_data',
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False),
        ),
        migrations.AlterField(
            model_name='directmessage',
            name='error_text',
            field=models.CharField(blank=True, max_length=500, verbose_name="the provider's words"),
        ),
        migrations.AlterField(
            model_name='recipient',
            name='error_text',
            field=models.CharField(blank=True, max_length=500, verbose_name="the provider's words"),
        ),
    ]
