"""The codes that a row keeps for why it is in its state, and the words of each. See `reasons`."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Cause(models.TextChoices):
    """The causes. Each label is a template; the data that fills it is stored beside the code."""

    # A phone number or user id
    NUMBER_MISSING = "number_missing", _("The phone number is missing.")
    NUMBER_SHORTENED = (
        "number_shortened",
        _("%(text)s was shortened by a spreadsheet. Format the column as text and export again."),
    )
    NOT_ONE_NUMBER = "not_one_number", _("%(text)s is not a phone number. Write one number, like +972501234567.")
    NOT_A_NUMBER = "not_a_number", _("%(text)s is not a phone number. Write it like +972501234567.")
    WRONG_DIGITS = (
        "wrong_digits",
        _("%(number)s is not a valid phone number: it has too few, too many or wrong digits."),
    )
    NO_COUNTRY_CODE = "no_country_code", _("%(text)s has no country code. Write it like +972501234567.")
    NOT_OF_REGION = (
        "not_of_region",
        _("%(text)s is not a phone number of %(region)s. Write it like +972501234567."),
    )
    NUMBER_OF_A_SERVICE = "number_of_a_service", _("%(text)s is a service number: it receives no WhatsApp messages.")
    NUMBER_IS_A_DATE = "number_is_a_date", _("%(text)s is a date, not a phone number.")
    OPT_OUT_OF_WHAT = (
        "opt_out_of_what",
        _("“%(text)s” does not say what they opted out of. Write “Marketing messages” or “Any broadcast”."),
    )
    OPT_OUT_SINCE_WHEN = (
        "opt_out_since_when",
        _("“%(text)s” is not a date on which somebody can have opted out. Write it like 2026-05-31."),
    )
    NO_ADDRESS_COLUMN = ("no_address_column", _("The file has no column of phone numbers or WhatsApp user ids."))
    TOO_MANY_OPT_OUTS = (
        "too_many_opt_outs",
        _("The file has more than %(limit)s rows. Divide it, or ask your operator: import_opt_outs takes any number."),
    )
    NOT_A_USER_ID = "not_a_user_id", _("“%(given)s” is not a WhatsApp user id.")
    CONSENT_UNCLEAR = "consent_unclear", _("%(text)s is not a consent: write “yes”, “no”, or nothing.")

    OPTED_OUT_SINCE = "opted_out_since", _("The person asked not to receive such messages before it could be sent.")

    # A row, and the values in it
    ROW_TOO_LONG = "row_too_long", _("The row has more fields than the header has columns.")
    VALUE_EMPTY = "value_empty", _("Column “%(name)s” is empty.")
    VALUE_TOO_LONG = "value_too_long", _("Column “%(name)s” has %(length)s characters; at most %(limit)s.")
    VALUE_FORMULA = "value_formula", _("Column “%(name)s” holds a spreadsheet formula. Put its result there.")
    VALUE_UNSENDABLE = "value_unsendable", _("Column “%(name)s” holds a character that can't be sent.")
    VALUE_IS_ERROR = "value_is_error", _("Column “%(name)s” holds %(value)s, an error and not a value.")
    VALUE_UNREADABLE = "value_unreadable", _("Column “%(name)s” can't be read: %(value)s. Write it again as UTF-8.")
    VALUE_UNCLEAR = "value_unclear", _("Column “%(name)s” looks different on each computer. Format it as text.")
    VALUE_IS_PLACEHOLDER = "value_is_placeholder", _("Column “%(name)s” holds the placeholder %(value)s.")
    VALUE_IS_NOTHING = "value_is_nothing", _("Column “%(name)s” holds %(value)s, which means nothing.")
    VALUE_NO_MEDIA = "value_no_media", _("Column “%(name)s” must hold an https address or a media id.")
    VALUE_WITH_BLANKS = (
        "value_with_blanks",
        _("Column “%(name)s” is the end of an address and can't hold blanks."),
    )
    VALUE_WHOLE_LINK = (
        "value_whole_link",
        _("Column “%(name)s” holds a whole link. Put there only what follows %(base)s."),
    )
    MESSAGE_TOO_LONG = (
        "message_too_long",
        _("The message has %(length)s characters with these values; at most %(limit)s."),
    )
    SAME_AS_ROW = "same_as_row", _("The same person as in row %(row)s: sent only once.")
    SAME_PERSON = "same_person", _("The same person twice: sent only once.")

    # The columns of a file
    NO_PHONE_COLUMN = "no_phone_column", _("There is no column of phone numbers. Name it “phone”.")
    NO_PHONE_AMONG = (
        "no_phone_among",
        _("There is no column of phone numbers. Name it “phone”. The columns are: %(columns)s."),
    )
    COLUMNS_MISSING = (
        "columns_missing",
        _("The template needs these columns too: %(missing)s. The columns are: %(columns)s."),
    )
    NO_SUCH_COLUMN = "no_such_column", _("There is no column “%(column)s”. The columns are: %(columns)s.")
    COLUMN_TWICE = "column_twice", _("There are two columns named “%(column)s”. Rename or remove one of them.")
    ROLE_TWICE = "role_twice", _("Two columns are chosen as “%(role)s”. Keep one.")
    TOO_MANY_COLUMNS = (
        "too_many_columns",
        _("The file has more than %(limit)s columns. Remove those that you don't need, and try again."),
    )
    ROW_TOO_WIDE = (
        "row_too_wide",
        _(
            "Row %(row)s has more than %(limit)s cells, empty ones counted. "
            "Delete the columns beside the table, and try again."
        ),
    )
    TOO_MANY_ROWS = (
        "too_many_rows",
        _(
            "The file has more than %(limit)s rows, empty ones counted. "
            "Delete the rows below the table, or split the file."
        ),
    )

    # A file
    FILE_TOO_LARGE = (
        "file_too_large",
        _("The file has %(size)s MB; at most %(limit)s are possible. Split it and import one part after the other."),
    )
    FILE_OF_OLD_EXCEL = (
        "file_of_old_excel",
        _("This file is in the old Excel format (.xls). Save it as .xlsx or CSV and try again."),
    )
    FILE_WITH_PASSWORD = "file_with_password", _("This file is protected by a password. Save it without one.")
    FILE_OF_OPEN_DOCUMENT = "file_of_open_document", _("This is an OpenDocument file (.ods). Save it as .xlsx or CSV.")
    FILE_OF_NUMBERS = "file_of_numbers", _("This file is from Apple Numbers. Export it as .xlsx or CSV.")
    FILE_STRICT = "file_strict", _("This is a “Strict Open XML” workbook. Save it as “Excel Workbook (.xlsx)”.")
    FILE_BINARY_WORKBOOK = "file_binary_workbook", _("This is a binary workbook (.xlsb). Save it as .xlsx or CSV.")
    FILE_OF_ARCHIVE = "file_of_archive", _("This is a zip archive. Unpack it, and choose the table in it.")
    FILE_OF_DOCUMENT = "file_of_document", _("This is a document, not a table. Save its table as .xlsx or CSV.")
    FILE_OF_PAGE = "file_of_page", _("This is a web page or XML, not a table. Open it in Excel, and save it as .xlsx.")
    NO_SUCH_ENCODING = "no_such_encoding", _("There is no encoding “%(encoding)s”. There are: %(encodings)s.")
    NOT_IN_ENCODING = "not_in_encoding", _("This file can't be in %(encoding)s: some bytes mean nothing there.")
    NO_SUCH_SHEET = "no_such_sheet", _("There is no sheet “%(sheet)s”. The sheets are: %(sheets)s.")

    # Questions about a file, and what is said about one
    ASKED_ENCODING = (
        "asked_encoding",
        _("In which encoding is this file? The right one shows the names right: %(choices)s."),
    )
    ASKED_SHEET = "asked_sheet", _("The file has several sheets. Choose one: %(choices)s.")
    ASKED_HEADER = "asked_header", _("Is the first row a header (“yes”) or a person (“no”)? %(choices)s.")
    ASKED_PHONE_COLUMN = "asked_phone_column", _("Which column holds the phone numbers? %(choices)s.")
    NO_SUCH_ANSWER = "no_such_answer", _("“%(answer)s” is no answer here: “yes” or “no”.")
    SHEETS_HIDDEN = "sheets_hidden", _("Hidden sheets are not read: %(sheets)s.")
    SHEETS_NOT_READ = "sheets_not_read", _("Only the sheet “%(sheet)s” is read. Not read: %(sheets)s.")
    ROWS_HIDDEN = "rows_hidden", _("Hidden or filtered rows are not read: %(rows)s.")
    ROWS_ABOVE = "rows_above", _("Rows above the header are not read: %(rows)s.")
    COLUMNS_NAMELESS = "columns_nameless", _("Columns without a name in the header are not read.")
    FILE_EMPTY = (
        "file_empty",
        _("The file is empty. It needs a header row with a column “phone”, and a row per person."),
    )
    FILE_WITHOUT_ROWS = "file_without_rows", _("The file has no rows below its header.")
    FILE_MISSING = "file_missing", _("The file is missing.")
    FILE_GONE = "file_gone", _("The file is gone. Please choose it again.")
    NOT_A_TABLE = "not_a_table", _("This is not a table. Save it as CSV or .xlsx and try again.")
    ROW_UNREADABLE = "row_unreadable", _("Row %(row)s has characters that can't be read. Save the file as UTF-8.")
    FIELD_TOO_LONG = (
        "field_too_long",
        _(
            "Row %(row)s has a field of more than %(limit)s characters, "
            "or a quotation mark that is never closed. Correct the row and try again."
        ),
    )
    QUOTE_NOT_CLOSED = (
        "quote_not_closed",
        _(
            "Row %(row)s can't be read: a quotation mark is not closed, or text follows it. "
            "Correct the row and try again."
        ),
    )
    WORKBOOK_BROKEN = "workbook_broken", _("This .xlsx file can't be read (%(error)s). Save it again, or as CSV.")
    WORKBOOK_UNPACKED = (
        "workbook_unpacked",
        _("This .xlsx file has more than %(limit)s MB when unpacked. Split it, or save it as CSV."),
    )
    STRINGS_UNPACKED = (
        "strings_unpacked",
        _("The texts of this .xlsx file have more than %(limit)s MB when unpacked. Split it, or save it as CSV."),
    )
    PACKED_TOO_TIGHTLY = (
        "packed_too_tightly",
        _("A part of this .xlsx file unpacks to more than %(limit)s times its size. Save it as CSV and try again."),
    )
    TOO_MANY_PARTS = (
        "too_many_parts",
        _("This .xlsx file consists of more than %(limit)s parts. Save the sheet of people as CSV and try again."),
    )
    READING_TOOK_TOO_LONG = (
        "reading_took_too_long",
        _("Reading this file took more than %(limit)s seconds. Split it, or save it as CSV, and try again."),
    )
    READING_TOOK_TOO_MUCH = (
        "reading_took_too_much",
        _("Reading this file took more than %(limit)s MB of memory. Split it, or save it as CSV, and try again."),
    )
    READING_BROKE_OFF = (
        "reading_broke_off",
        _("Reading this file broke off. Save it as CSV and try again."),
    )
    READERS_BUSY = "readers_busy", _("Other files are being read at this moment. Try again in a minute.")
    READING_STOPPED = (
        "reading_stopped",
        _("Reading stopped repeatedly after row %(row)s. What was read before that is kept."),
    )
    READING_FAILED = (
        "reading_failed",
        _("Something went wrong on our side after row %(row)s. What was read before that is kept."),
    )

    # The people of a broadcast
    NO_SUCH_VARIABLE = "no_such_variable", _("The template has no variable “%(variable)s”. It has: %(variables)s.")
    NOBODY_CHOSEN = "nobody_chosen", _("No contacts match this selection.")
    NOBODY_OF_EARLIER = "nobody_of_earlier", _("Nobody in the earlier broadcast matches this selection.")
    NO_EARLIER_BROADCAST = "no_earlier_broadcast", _("The earlier broadcast doesn't exist.")
    NO_SEGMENT = "no_segment", _("The segment doesn't exist any more, or can't be read here. Choose other people.")
    BROADCAST_FILE_GONE = "broadcast_file_gone", _("The file of this broadcast is gone. Create the broadcast again.")

    # Sending
    PROVIDER_ERROR = "provider_error", _("WhatsApp answered with error %(code)s: %(words)s")
    TEMPLATE_UNFILLABLE = (
        "template_unfillable",
        _("The template has %(part)s, which nothing here can fill. Choose another template."),
    )
    TEMPLATE_STATUS = "template_status", _("The template's status at WhatsApp: %(status)s.")
    TEMPLATE_CHANGED = (
        "template_changed",
        _(
            "The template's content was changed after this broadcast was made. "
            "Cancel it, and make a new one for those who have not got it."
        ),
    )
    CATEGORY_CHANGED = (
        "category_changed",
        _(
            "The template was “%(old_category)s” and is “%(new_category)s” now. A message to %(country)s costs "
            "%(new_price)s %(currency)s instead of %(old_price)s, the unsent ones (%(people)s) %(new_total)s "
            "%(currency)s instead of %(old_total)s. People who refuse such messages are skipped. "
            "Go on only if you agree."
        ),
    )
    ACCOUNT_RESTRICTED = (
        "account_restricted",
        _("WhatsApp restricted the account (%(event)s). See Account Quality at Meta."),
    )
    CREDENTIALS_UNREADABLE = "credentials_unreadable", _("The stored access token can't be read. Enter it again.")
    # A number that is not proved
    NOT_PROVED = (
        "not_proved",
        _("WhatsApp has not confirmed yet that number, account and token belong together. Check the number again."),
    )
    PROOF_REFUSED = (
        "proof_refused",
        _("WhatsApp does not confirm that number, account and token belong together (%(code)s: %(words)s)."),
    )
    NUMBER_NOT_IN_ACCOUNT = (
        "number_not_in_account",
        _("The account %(account)s does not have the number %(number)s. Compare both with the provider's console."),
    )
    NUMBER_TAKEN = (
        "number_taken",
        _("Another business of this installation has proved this number or its account."),
    )
    NUMBER_MOVED = (
        "number_moved",
        _("Another business has proved this number or its account, and the token stored here no longer opens it."),
    )
    DISCONNECTED = "disconnected", _("The number was disconnected here. Connect it again to write from it.")
    SANDBOX_OFF = ("sandbox_off", _("The stand-in is only for trying: it works with DEBUG alone."))
    PEOPLE_LIMIT = (
        "people_limit",
        _("WhatsApp lets this number write to %(limit)s different people in 24 hours, and they are used up."),
    )
    DAY_MESSAGES = "day_messages", _("Today's limit of messages is reached, which your operator has set.")
    DAY_MONEY = "day_money", _("Today's limit of money is reached, which your operator has set.")
    BUDGET_USED = (
        "budget_used",
        _(
            "Its messages cost %(used)s of the %(budget)s %(currency)s that it may cost. "
            "Raise its budget, then resume it."
        ),
    )
    MONTH_BUDGET_USED = (
        "month_budget_used",
        _(
            "This month's messages cost %(used)s of the %(budget)s %(currency)s that they may cost. "
            "The owner can raise the budget in the settings."
        ),
    )
    TEMPLATE_GONE = "template_gone", _("The template is gone.")
    WINDOW_OVER = "window_over", _("The person's last message is more than 24 hours old.")

    # Why nothing is sent again, or something is
    NO_FURTHER_TRY = "no_further_try", _("A person ended the broadcast before another try.")
    ANSWERS_LATE = "answers_late", _("Answers came late.")
    NEVER_ARRIVED = "never_arrived", _("WhatsApp never got it.")
    NO_REPORT = "no_report", _("No report came, though reports of later messages did.")
    PERSON_ASKED = "person_asked", _("A person asked for it.")
    PEOPLE_RETRIED = "people_retried", _("Failed messages sent again: %(people)s")

    OTHER = "other", "%(text)s"
    """Words from before there were codes; they are shown as they are."""
