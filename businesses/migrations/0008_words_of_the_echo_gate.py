
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('businesses', '0007_sensible_limits'),
    ]

    operations = [
        migrations.AlterField(
            model_name='business',
            name='echo_gate_min_rms',
            field=models.PositiveSmallIntegerField(default=200, help_text="Softer sounds are taken for the assistant's own echo, and so are louder ones while it speaks loudly on a line with echo. Raise it when it interrupts itself, or to 600 when voices behind callers interrupt it.", validators=[django.core.validators.MaxValueValidator(5000)], verbose_name='quietest voice while the assistant speaks (rms)'),
        ),
    ]
