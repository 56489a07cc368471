import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("businesses", "0033_appointments_of_everybody_by_time"),
    ]

    operations = [
        migrations.AlterField(
            model_name="business",
            name="barge_in_debounce_ms",
            field=models.PositiveSmallIntegerField(
                default=350,
                help_text="A voice that is not clearly speech ends the assistant's sentence when it lasts this long. Anything shorter, and it goes on.",
                validators=[
                    django.core.validators.MinValueValidator(100),
                    django.core.validators.MaxValueValidator(2000),
                ],
                verbose_name="doubtful voice that interrupts (ms)",
            ),
        ),
        migrations.AlterField(
            model_name="business",
            name="barge_in_voice_frames",
            field=models.PositiveSmallIntegerField(
                default=6,
                help_text="How much clear speech ends the assistant's sentence: 6 steps are 120 ms. It falls silent after 3 steps and goes on if no more follows.",
                validators=[django.core.validators.MinValueValidator(2), django.core.validators.MaxValueValidator(50)],
                verbose_name="speech that interrupts (20 ms steps)",
            ),
        ),
        migrations.AlterField(
            model_name="business",
            name="silence_limit_s",
            field=models.PositiveSmallIntegerField(
                db_default=45,
                default=45,
                help_text="So long without the caller's voice after the assistant's last word, and the call ends: a forgotten line costs as much as a conversation. Music is no voice.",
                validators=[
                    django.core.validators.MinValueValidator(20),
                    django.core.validators.MaxValueValidator(600),
                ],
                verbose_name="a silent call ends after (seconds)",
            ),
        ),
    ]
