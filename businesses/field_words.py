"""Error messages of a business's fields: the limits of the validators, with unit and advice.

A number has one message for every error; a text's message is for one that is too long. They are here and not in the
model fields, where every change of wording would need a migration. `plain_words.py` puts them into forms.
"""

from django.utils.translation import gettext_lazy as _

FIELD_WORDS = {
    "greeting_text": _(
        "A greeting can have at most %(limit_value)d characters, and this one has %(show_value)d. "
        "Shorten it: callers wait until it is spoken."
    ),
    "closed_greeting_text": _(
        "A greeting can have at most %(limit_value)d characters, and this one has %(show_value)d. "
        "Shorten it: callers wait until it is spoken."
    ),
    "barge_in_voice_frames": _(
        "Write a whole number of steps from 2 to 50. A step is 20 ms; 6 steps suit most phone lines."
    ),
    "barge_in_debounce_ms": _("Write a whole number of milliseconds from 100 to 2000. 350 suits most phone lines."),
    "barge_in_grace_ms": _("Write a whole number of milliseconds from 0 to 3000. 300 suits most phone lines."),
    "server_vad_threshold": _("Write a number from 0.1 to 0.99. Between 0.75 and 0.85 works best."),
    "echo_gate_min_rms": _("Write a whole number from 0 to 5000. 200 suits most phone lines."),
    "silence_limit_s": _("Write a whole number of seconds from 20 to 600. 45 suits most businesses."),
    "max_concurrent_calls": _("Write a whole number of calls from 1 to 1000."),
    "max_call_minutes": _("Write a whole number of minutes from 1 to 1440, which is a day."),
    "minutes_left": _("Write a number of minutes like 120 or 90.5, or leave it empty for no limit."),
    "recording_notice": _(
        "A notice can have at most %(limit_value)d letters, and this one has %(show_value)d. "
        "Shorten it: callers wait until it is spoken."
    ),
}
