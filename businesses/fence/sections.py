"""The admin's start page and side bar group models by sections that owners understand, not by Django's apps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Section(models.TextChoices):
    """The headings of the start page, in their order."""

    BUSINESS = "business", _("Your business")
    CALLS = "phone", _("Phone calls")
    MESSAGES = "messages", _("WhatsApp messages")
    PEOPLE = "people", _("People you write to")
    INSTALLATION = "installation", _("The installation")


def by_section(apps: Sequence[Mapping[str, Any]], registry: Mapping[type[models.Model], Any]) -> list[dict[str, Any]]:
    """Returns Django's list of apps, regrouped by section. Each model has `about`: what its page is for."""
    order = list(registry)
    shown = sorted((model for app in apps for model in app["models"]), key=lambda model: order.index(model["model"]))
    groups = []
    for section in Section:
        inside = [
            {**model, "about": registry[model["model"]].about}
            for model in shown
            if registry[model["model"]].section == section
        ]
        if inside:
            groups.append({"name": section.label, "app_label": section.value, "app_url": "", "models": inside})
    return groups
