"""Ways to pages that can't be opened by address: later steps of a form, refused forms, and password prompts."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from frontdesk import demo
from testing.demo_data import Rows
from testing.demo_data.people import file_with_mistakes

Way = Callable[[Page, Rows], None]
HOME = f"/b/{demo.SLUG}/"
SUBMIT = "main form button.main"


def submit(page: Page, button: str = SUBMIT) -> None:
    """Press a button and wait for the page that answers: it is sent only once the server has been reached."""
    with page.expect_navigation():
        page.click(button)


def to_people(page: Page, rows: Rows) -> None:
    """Go to the second step of a new broadcast."""
    page.goto(f"{HOME}broadcasts/new/?template={rows['whatsapp.MessageTemplate']['rich']}")
    submit(page)
    page.wait_for_url("**/edit/people/")


def to_people_refused(page: Page, rows: Rows) -> None:
    """Submit the second step without people."""
    to_people(page, rows)
    submit(page)


def to_details_of_a_file(page: Page, rows: Rows) -> None:
    """Go to the third step, with a file's columns."""
    to_people(page, rows)
    page.set_input_files("input[type=file]", {"name": "לקוחות.csv", "mimeType": "text/csv", "buffer": _file()})
    submit(page)


def to_details_of_contacts(page: Page, rows: Rows) -> None:
    """Submit the third step, with values from contacts, without any."""
    to_people(page, rows)
    page.check("input[name=source][value=contacts]")
    submit(page)
    page.fill("input[name=canary_size]", "0")
    submit(page)


def to_details_of_a_series(page: Page, rows: Rows) -> None:
    """Edit a recurring broadcast: its third step."""
    page.goto(f"{HOME}broadcasts/series/{rows['whatsapp.BroadcastSeries']['active']}/")
    with page.expect_navigation():
        page.click("form[action$='/edit/'] button")


def to_columns(page: Page, rows: Rows) -> None:
    """Go to the second step of an import."""
    page.goto(f"{HOME}contacts/import/")
    page.set_input_files("input[type=file]", {"name": "people.csv", "mimeType": "text/csv", "buffer": _file()})
    submit(page)


def to_result(page: Page, rows: Rows) -> None:
    """Go to the result of an import in which some rows were refused."""
    to_columns(page, rows)
    submit(page)


def to_undone(page: Page, rows: Rows) -> None:
    """Undo an import."""
    to_result(page, rows)
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("form[action$='/undo/'] button").click()
    page.locator("#undone").wait_for()


def to_an_authenticator(page: Page, rows: Rows) -> None:
    """Go to the page with the code for an authenticator app; it asks for the password first, once."""
    page.goto("/accounts/2fa/totp/activate/")
    if page.locator("input[name=password]").count():
        page.fill("input[name=password]", demo.OWNER_PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_load_state()


def to_sign_out(page: Page, rows: Rows) -> None:
    """Go to the page that confirms signing out."""
    page.goto("/accounts/logout/")


def to_settings_refused(page: Page, rows: Rows) -> None:
    """Submit the settings with an invalid phone number."""
    page.goto(f"{HOME}settings/")
    page.fill("input[name=fallback_number]", "12")
    with page.expect_navigation():
        page.locator("input[name=fallback_number]").press("Enter")


def to_contact_refused(page: Page, rows: Rows) -> None:
    """Submit a contact without a number."""
    page.goto(f"{HOME}contacts/new/")
    submit(page)


def _file() -> bytes:
    return file_with_mistakes().getvalue()
