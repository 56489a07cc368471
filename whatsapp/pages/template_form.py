"""The form in which a template is written. What WhatsApp would refuse is said at its field, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp import template_drafting
from whatsapp.models import InboundAction, Sender, TemplateCategory
from whatsapp.pages.bubble import Bubble, bubble
from whatsapp.pages.template_list import language_in_words
from whatsapp.providers.template_keeping import TemplateExists, TemplateRefused
from whatsapp.template_drafting import BUTTON_LIMIT, MOST_REPLIES, Fault, WrittenTemplate, components, name_from

LANGUAGES = (
    *("he", "en", "en_US", "en_GB", "ar", "ru", "fr", "es", "es_ES", "es_MX", "pt_BR", "pt_PT", "de", "it", "nl"),
    *("uk", "ro", "pl", "tr", "fa", "hi", "th", "vi", "zh_CN", "ja", "ko"),
)
CATEGORIES = (
    (
        TemplateCategory.MARKETING.value,
        _("Marketing: offers, news, invitations, everything that is not about an order"),
    ),
    (TemplateCategory.UTILITY.value, _("Utility: about something that the person has ordered, booked or asked for")),
)
SAMPLE = "sample_"
WORDS: Mapping[Fault, str | Promise] = {
    Fault.EMPTY: _("Write something here."),
    Fault.TOO_LONG: _("At most %(detail)s characters."),
    Fault.HAS_VARIABLE: _("No variable may stand here."),
    Fault.HAS_NEWLINE: _("Only one line."),
    Fault.HAS_EMOJI: _("No emoji here."),
    Fault.HAS_MARKS: _("No formatting here: leave out * _ ~ and `."),
    Fault.BRACES: _(
        "A variable is {{1}}, or a name of small letters like {{first_name}}. Other double braces can't stay."
    ),
    Fault.MIXED: _("Use either numbers or names for all variables, not both."),
    Fault.GAP: _("Number the variables without gaps: {{1}}, {{2}}, {{3}}."),
    Fault.AT_EDGE: _("A variable can't begin or end the text. Put words before and after it."),
    Fault.TOUCHING: _("Two variables can't stand side by side. Put words between them."),
    Fault.FEW_WORDS: _("Too few words for so many variables: at least %(detail)s words besides them."),
    Fault.MANY_LINES: _("At most one empty line in a row."),
    Fault.NO_SAMPLE: _("Give an example for {{%(detail)s}}."),
    Fault.TWICE: _("Another button has the same text."),
    Fault.NO_LINK: _("Write a whole address, like https://example.com."),
    Fault.VARIABLE_IN_LINK: _("A variable may stand only once and at the end: https://example.com/{{1}}."),
    Fault.NO_TEXT: _("Write what stands on the button."),
}
_LINK_SAMPLE = _("Write a whole address that begins with %(detail)s and goes on, as an example.")
_OPT_OUT = _("This button means “no more messages”")


@dataclass(frozen=True, slots=True)
class SampleField:
    """The example of one variable."""

    name: str
    field: str
    value: str


class TemplateForm(forms.Form):
    """A template's parts. `fixed`: it exists at the provider, so its name and language stay."""

    account = forms.ChoiceField(label=_("Account"))
    name = forms.CharField(
        label=_("Name"),
        max_length=600,
        help_text=_("Only you see it. Small English letters, digits and _; anything else becomes _."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )
    language = forms.ChoiceField(label=_("Language"))
    category = forms.ChoiceField(
        label=_("Category"),
        choices=CATEGORIES,
        widget=forms.RadioSelect,
        help_text=_(
            "WhatsApp decides in the end. An offer that is called utility is moved to marketing, which costs more, or "
            "is rejected."
        ),
    )
    header = forms.CharField(
        label=_("Heading"), required=False, max_length=200, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    body = forms.CharField(
        label=_("Text"),
        max_length=4000,
        help_text=_("For what differs from person to person, write {{first_name}} or {{1}}."),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 7}),
    )
    footer = forms.CharField(
        label=_("Small print"), required=False, max_length=200, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    opts_out = forms.ChoiceField(
        label=_OPT_OUT,
        required=False,
        help_text=_("Whoever presses it gets no more broadcasts. Marketing should have such a button."),
    )
    url_text = forms.CharField(
        label=_("Text of the link's button"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    url = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=2100,
        help_text=_("It may end with {{1}}, if it differs from person to person."),
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "url"}),
    )
    url_sample = forms.CharField(
        label=_("Example of the whole address"),
        required=False,
        max_length=2100,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "url"}),
    )

    def __init__(self, *args: Any, accounts: Mapping[str, Sender], fixed: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        for number in range(1, MOST_REPLIES + 1):
            self.fields[f"reply_{number}"] = forms.CharField(
                label=_("Quick reply %(number)d") % {"number": number},
                required=False,
                max_length=100,
                widget=forms.TextInput(attrs={"dir": "auto", "data-most": str(BUTTON_LIMIT)}),
            )
        self.choices("account", [(key, str(sender)) for key, sender in accounts.items()])
        self.choices("language", [(code, language_in_words(code)) for code in LANGUAGES])
        numbers = [(str(number), _("Quick reply %(number)d") % {"number": number}) for number in (1, 2, 3)]
        self.choices("opts_out", [("", _("None of them")), *numbers])
        self.fixed = fixed
        if fixed:
            for name in ("account", "name", "language"):
                del self.fields[name]

    def choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        """Set what can be chosen in a list."""
        chosen = self.fields[name]
        if isinstance(chosen, forms.ChoiceField):
            chosen.choices = choices

    def value(self, name: str) -> str:
        """Returns what stands in a field, whether it is right or not."""
        return str(self.data.get(name, "") if self.is_bound else self.initial.get(name, "")).replace("\r\n", "\n")

    def written(self, *, name: str = "", language: str = "") -> WrittenTemplate:
        """Returns what was written, also if it is wrong. `name`, `language`: of a template that has them already."""
        replies = [self.value(f"reply_{number}").strip() for number in range(1, MOST_REPLIES + 1)]
        return WrittenTemplate(
            name=name or name_from(self.value("name")),
            language=language or self.value("language"),
            category=self.value("category"),
            header=self.value("header").strip(),
            body=self.value("body").strip(),
            footer=self.value("footer").strip(),
            replies=replies,
            url_text=self.value("url_text").strip(),
            url=self.value("url").strip(),
            url_sample=self.value("url_sample").strip(),
            samples={key.removeprefix(SAMPLE): self.value(key) for key in self._all() if key.startswith(SAMPLE)},
        )

    def _all(self) -> list[str]:
        return list(self.data if self.is_bound else self.initial)

    def samples(self) -> list[SampleField]:
        """Returns a field for the example of each variable in the text."""
        written = self.written()
        return [SampleField(name, SAMPLE + name, written.samples.get(name, "")) for name in written.variables]

    def preview(self) -> Bubble:
        """Returns the message as its recipient will see it, with the examples in the place of variables."""
        written = self.written()
        samples = {name: value for name, value in written.samples.items() if value.strip()}
        return bubble(components(written), samples, named=True)

    def marks(self) -> dict[str, str]:
        """Returns what the quick replies do: the chosen one opts out."""
        chosen = self.value("opts_out")
        text = self.value(f"reply_{chosen}").strip() if chosen else ""
        return {text: InboundAction.OPT_OUT.value} if text else {}

    def clean(self) -> dict[str, Any]:
        """Add everything that WhatsApp would refuse, at its field."""
        values = super().clean() or {}
        written = self.written(name="x" if self.fixed else "")
        for problem in template_drafting.problems(written):
            words = _LINK_SAMPLE if problem.field == "url_sample" else WORDS[problem.fault]
            field = "body" if problem.field == "samples" else problem.field
            if problem.fault is Fault.EMPTY and field in self.errors:
                continue
            self.add_error(field, str(words) % {"detail": problem.detail} if "%(" in str(words) else str(words))
        if (chosen := self.value("opts_out")) and not self.value(f"reply_{chosen}").strip():
            self.add_error("opts_out", _("This quick reply has no text."))
        return values

    def refuse(self, problem: Exception) -> None:
        """Say why the provider does not take the template."""
        if isinstance(problem, TemplateExists):
            words = (
                _("A template of this name was deleted; its name is free again in some weeks. Choose another one.")
                if problem.is_being_deleted
                else _("There is a template of this name in this language already. Choose another name.")
            )
            self.add_error("name" if "name" in self.fields else None, words)
        elif isinstance(problem, TemplateRefused):
            why = _("WhatsApp does not take it: %(why)s") % {"why": problem}
            self.add_error(problem.field if problem.field in self.fields else None, why)
        else:
            self.add_error(None, str(problem))


def initial_of(written: WrittenTemplate, marks: Mapping[str, str]) -> dict[str, str]:
    """Returns the form's values for a template that is there; `marks` are those of its buttons."""
    replies = {f"reply_{number}": text for number, text in enumerate(written.replies, start=1)}
    opting = (str(number) for number, text in enumerate(written.replies, start=1) if marks.get(text))
    return {
        "name": written.name,
        "language": written.language,
        "category": written.category,
        "header": written.header,
        "body": written.body,
        "footer": written.footer,
        "url_text": written.url_text,
        "url": written.url,
        "url_sample": written.url_sample,
        "opts_out": next(opting, ""),
        **replies,
        **{SAMPLE + name: value for name, value in written.samples.items()},
    }
