"""A provider's account belongs to the one business that has proved it; news say whose secret verified them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('businesses', '0009_audit_log'),
        ('whatsapp', '0018_pause_for_a_day_limit'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProvedAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(choices=[('cloud', 'Meta Cloud API'), ('twilio', 'Twilio'), ('sandbox', 'Sandbox (nothing leaves this machine)')], max_length=10)),
                ('account_id', models.CharField(max_length=64)),
                ('proved_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'account at a provider',
                'verbose_name_plural': 'accounts at providers',
                'db_table': 'whatsapp_proved_accounts',
            },
        ),
        migrations.RemoveConstraint(
            model_name='inboundmessage',
            name='one_inbound_per_message',
        ),
        migrations.RemoveConstraint(
            model_name='sender',
            name='one_sender_per_number',
        ),
        migrations.AddField(
            model_name='sender',
            name='app_key',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='webhooknews',
            name='verified_by',
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.AddConstraint(
            model_name='inboundmessage',
            constraint=models.UniqueConstraint(fields=('business', 'provider', 'provider_message_id'), name='one_inbound_per_message_of_a_business'),
        ),
        migrations.AddField(
            model_name='provedaccount',
            name='business',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proved_accounts', to='businesses.business'),
        ),
        migrations.AddField(
            model_name='sender',
            name='proved_account',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='senders', to='whatsapp.provedaccount'),
        ),
        migrations.AddConstraint(
            model_name='sender',
            constraint=models.UniqueConstraint(fields=('business', 'provider', 'number_id'), name='one_sender_per_number_of_a_business'),
        ),
        migrations.AddConstraint(
            model_name='sender',
            constraint=models.UniqueConstraint(condition=models.Q(('proved_account__isnull', False), models.Q(('provider', 'twilio'), _negated=True)), fields=('provider', 'number_id'), name='one_proved_sender_per_number'),
        ),
        migrations.AddConstraint(
            model_name='sender',
            constraint=models.UniqueConstraint(condition=models.Q(('proved_account__isnull', False)), fields=('provider', 'account_id', 'number_id'), name='one_proved_sender_in_an_account'),
        ),
        migrations.AddConstraint(
            model_name='provedaccount',
            constraint=models.UniqueConstraint(fields=('provider', 'account_id'), name='one_business_per_account'),
        ),
    ]
