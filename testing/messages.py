"""Updates the Hebrew catalogues without the gettext tools: `python -m testing.messages`.

Adds new strings to each app's `locale/he/LC_MESSAGES/django.po`, removes obsolete ones, and compiles
the `.mo` file beside it, which is committed because a fresh machine has no `msgfmt`. Then lists strings
without a translation. Templates in `templates/<app>/` belong to the app, all others to `businesses`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
PLURAL_FORMS = 4
"""Of Hebrew, as the catalogues and Django have it: a number without its form would be shown in English."""
APPS = sorted(path.parent.name for path in ROOT.glob("*/apps.py"))
SINGULAR = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}

Message = tuple[str, str]
"""The English string and its plural; the plural is empty if there is none."""


def catalogue(app: str) -> Path:
    """Returns the path of the app's Hebrew catalogue."""
    return ROOT / app / "locale" / "he" / "LC_MESSAGES" / "django.po"


def messages(app: str) -> set[Message]:
    """Returns every translatable string of the app's code and templates."""
    found: set[Message] = set()
    for path in sorted((ROOT / app).rglob("*.py")):
        if not {"tests", "migrations"} & set(path.parts):
            found |= set(_in_code(path.read_text()))
    for path in sorted((ROOT / "templates").rglob("*.html")):
        folder = path.relative_to(ROOT / "templates").parts[0]
        if (folder if folder in APPS else "businesses") == app:
            found |= set(_in_template(path.read_text()))
    return found


def _in_code(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [a.value for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if name in SINGULAR and texts:
            yield texts[0], ""
        elif name in PLURAL and len(texts) == 2:
            yield texts[0], texts[1]


def _in_template(source: str) -> Iterator[Message]:
    from django.utils.translation.template import templatize  # noqa: PLC0415 - needs settings

    text = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    code = templatize(source)
    for match in re.finditer(rf"(?<![a-z])(?:gettext|_)\({text}", code):
        yield ast.literal_eval(match[1]), ""
    for match in re.finditer(rf"(?<![a-z])ngettext\({text}\s*,\s*{text}", code):
        yield ast.literal_eval(match[1]), ast.literal_eval(match[2])


def untranslated(app: str) -> list[str]:
    """Returns the app's strings without a Hebrew translation, or without one of Hebrew's plural forms."""
    path = catalogue(app)
    entries = polib.pofile(str(path)).translated_entries() if path.exists() else []
    known = {entry.msgid for entry in entries if not entry.msgid_plural or _has_all_forms(entry)}
    return sorted(text for text, _plural in messages(app) if text not in known)


def _has_all_forms(entry: polib.POEntry) -> bool:
    return len(entry.msgstr_plural) == PLURAL_FORMS and all(entry.msgstr_plural.values())


def update(app: str) -> None:
    """Update the app's catalogue to its strings and compile it."""
    wanted, path = messages(app), catalogue(app)
    if not wanted:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    old = polib.pofile(str(path), wrapwidth=0) if path.exists() else polib.POFile(wrapwidth=0)
    new = polib.POFile(wrapwidth=0)
    new.metadata = old.metadata or dict(polib.pofile(str(catalogue("businesses"))).metadata)
    kept = {(entry.msgid, entry.msgid_plural): entry for entry in old}
    for text, plural in sorted(wanted):
        new.append(kept.get((text, plural)) or polib.POEntry(msgid=text, msgid_plural=plural))
    new.save(str(path))
    new.save_as_mofile(str(path.with_suffix(".mo")))


def main() -> int:
    """Update every app. Returns 1 if a string has no Hebrew translation."""
    waiting = 0
    for app in APPS:
        update(app)
        for text in untranslated(app):
            waiting += 1
            print(f"{catalogue(app).relative_to(ROOT)}: no Hebrew for {text!r}")
    return 1 if waiting else 0


if __name__ == "__main__":
    from django.conf import settings

    settings.configure()
    sys.exit(main())
