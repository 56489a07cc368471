"""Pages are sent without their templates' indentation; text from people keeps its spaces."""

from pathlib import Path

import pytest
from django.template import Context, Engine
from django.template.loader import render_to_string

pytestmark = pytest.mark.pure
LOADER = ["frontdesk.template_loader.Loader"]


def rendered(folder: Path, name: str, source: str, **values: str) -> str:
    (folder / name).write_text(source)
    return Engine(dirs=[str(folder)], loaders=LOADER).get_template(name).render(Context(values))


def test_a_page_loses_its_indentation_and_keeps_its_lines(tmp_path: Path) -> None:
    source = "<ul>\n  {% if said %}\n    <li>\n\t<b>one</b>\n      two  three\n    </li>\n  {% endif %}\n</ul>\n"
    assert rendered(tmp_path, "page.html", source, said="x") == (
        "<ul>\n\n<li>\n<b>one</b>\ntwo  three\n</li>\n\n</ul>\n"
    )


def test_what_people_wrote_keeps_its_spaces(tmp_path: Path) -> None:
    written = "first\n    second\n\tthird"
    page = rendered(tmp_path, "page.html", "<p>\n  <textarea>{{ text }}</textarea>\n</p>", text=written)
    assert page == f"<p>\n<textarea>{written}</textarea>\n</p>"


def test_a_mail_is_sent_as_it_stands(tmp_path: Path) -> None:
    assert rendered(tmp_path, "mail.txt", "Hello\n  there\n") == "Hello\n  there\n"


def test_the_pages_are_loaded_so() -> None:
    lines = render_to_string("404.html").splitlines()
    assert "</html>" in lines
    assert [line for line in lines if line.startswith((" ", "\t"))] == []
