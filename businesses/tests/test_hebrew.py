"""Every string has a Hebrew translation, and the compiled catalogues match their sources."""

from __future__ import annotations

import polib
import pytest
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import translation

from businesses.models import Business
from testing.messages import APPS, catalogue, untranslated

pytestmark = pytest.mark.once

every_app = pytest.mark.parametrize("app", APPS)


@every_app
def test_every_string_has_hebrew(app: str) -> None:
    assert untranslated(app) == [], "run `python -m testing.messages`, then write the Hebrew and run it again"


@every_app
def test_what_is_compiled_is_what_was_written(app: str) -> None:
    written = {e.msgid: e.msgstr or e.msgstr_plural for e in polib.pofile(str(catalogue(app))).translated_entries()}
    compiled = {e.msgid: e.msgstr or e.msgstr_plural for e in polib.mofile(str(catalogue(app).with_suffix(".mo")))}
    assert compiled == written, "run `python -m testing.messages`"


def test_one_string_has_one_hebrew() -> None:
    """Django merges the catalogues of all apps, so a second translation of a string would never be used."""
    written: dict[str, set[str]] = {}
    for app in APPS:
        if catalogue(app).exists():
            for entry in polib.pofile(str(catalogue(app))).translated_entries():
                hebrew = entry.msgstr or str(sorted(entry.msgstr_plural.items()))
                written.setdefault(entry.msgid, set()).add(hebrew)
    assert {text: hebrew for text, hebrew in written.items() if len(hebrew) > 1} == {}


def test_an_owner_reads_every_setting_in_hebrew() -> None:
    """Whatever is on the page comes from the catalogue that is loaded, not only from the file."""
    shown = {
        text
        for field in Business._meta.concrete_fields
        for text in (field.verbose_name, field.help_text)
        if field.name != "id" and text
    }
    with translation.override("he"):
        assert [str(text) for text in shown if not any("א" <= letter <= "ת" for letter in str(text))] == []


@pytest.mark.parametrize("language", ["en", "he"])
def test_large_numbers_have_separators_in_both_languages(language: str) -> None:
    with translation.override(language):
        assert intcomma(20_000) == "20,000"
