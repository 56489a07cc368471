"""News of calls in a WhatsApp message: the reader's language and the business's clock are set by the caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from businesses.messenger import TemplateChoice
from businesses.models import Business
from calls.followups import news_words
from calls.models import Call, Task

LONGEST: Final = 600
"""Letters of the news itself: a template's body takes 1,024 in all."""
VALUES: Final = ("news", "link", "business_name", "1", "2")
"""What can fill a template's values: those that are numbered are the news and the link."""


@dataclass(frozen=True, slots=True)
class Short:
    """A message: its lines, and the address of the page that tells more."""

    lines: Sequence[str]
    link: str

    @property
    def text(self) -> str:
        """The message as free text."""
        return "\n".join((_cut("\n".join(self.lines)), self.link))

    def values(self, business: Business) -> dict[str, str]:
        """Returns the values of a template. Meta: no line breaks, no tabs, no more than four spaces together."""
        news = _cut(" · ".join(" ".join(line.split()) for line in self.lines))
        return {"news": news, "1": news, "link": self.link, "2": self.link, "business_name": business.name}


def of_call(call: Call) -> Short:
    """Returns the message about one call, in the words of the mail."""
    tasks = list(Task.objects.filter(call=call).order_by("created_at"))
    subject, lines = news_words.told_of(call, tasks)
    return Short([subject, *lines], news_words.address("call", call.business, call_id=call.pk))


def of_day(business: Business, calls: Sequence[Call]) -> Short:
    """Returns the message about the calls of a day: how many. It names nobody."""
    tasks = Task.objects.filter(business=business, call__in=calls).count()
    lines = [news_words.headline_of_day(business, calls)]
    if tasks:
        lines.append(ngettext("%(count)s task", "%(count)s tasks", tasks) % {"count": tasks})
    return Short(lines, news_words.address("calls", business))


def usable_templates(sendable: list[TemplateChoice]) -> list[TemplateChoice]:
    """Returns those of these templates that news can fill, and that need no consent to marketing."""
    plain = (each for each in sendable if not each.is_marketing and not each.no_texts)
    return [each for each in plain if each.variables and set(each.variables) <= set(VALUES)]


def draft(business: Business) -> dict[str, str]:
    """Returns a template for these messages, as the form for new templates takes it, in the reader's language."""
    return {
        "name": "news_of_calls",
        "category": "UTILITY",
        "body": _("News of your calls: {{news}}\nMore on this page: {{link}}\nWrite “stop” to get no such messages."),
        "sample_news": _("%(business)s: a message from %(who)s") % {"business": business.name, "who": "+972541234567"},
        "sample_link": news_words.address("calls", business),
    }


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
