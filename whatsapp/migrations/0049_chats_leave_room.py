import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('whatsapp', '0048_series'),
    ]

    operations = [
        migrations.AddField(
            model_name='sendingpace',
            name='chatted_at',
            field=models.FloatField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='sender',
            name='max_mps',
            field=models.FloatField(blank=True, help_text='Leave empty for all that WhatsApp allows this number, and 80 % of it while people chat with it.', null=True, validators=[django.core.validators.MinValueValidator(0.01), django.core.validators.MaxValueValidator(1000)], verbose_name='most messages per second'),
        ),
    ]
