"""Files of people made by several writers, each with the rows that it shows: number, cells."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import xlsxwriter

Row = tuple[int, list[str]]
HEADER = ["phone", "first_name", "day"]
DANA, AVI = ["0501234567", "Dana", "Sunday"], ["0521234567", "אבי כהן", "Monday"]
PLAIN: list[Row] = [(1, HEADER), (2, DANA), (3, AVI)]
MADE: dict[str, tuple[Callable[[], bytes], list[Row]]] = {}
Fill = Callable[[Any, Any], None]


def made(name: str, rows: list[Row] = PLAIN) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Keep a writer under this name, with the rows that its file shows."""

    def keep(write: Callable[[], bytes]) -> Callable[[], bytes]:
        MADE[name] = (write, rows)
        return write

    return keep


def by_xlsxwriter(name: str, rows: list[Row] = PLAIN, **options: Any) -> Callable[[Fill], Fill]:
    """Keep a workbook that XlsxWriter writes; the function fills it and its first sheet."""

    def keep(fill: Fill) -> Fill:
        def write() -> bytes:
            file = io.BytesIO()
            book = xlsxwriter.Workbook(file, {"in_memory": True, **options})
            fill(book, book.add_worksheet("People"))
            book.close()
            return file.getvalue()

        MADE[name] = (write, rows)
        return fill

    return keep


def people(sheet: Any, at: int = 0, column: int = 0) -> None:
    """Write the header and two people."""
    for number, row in enumerate((HEADER, DANA, AVI)):
        for place, text in enumerate(row):
            sheet.write_string(at + number, column + place, text)


def values(*cells: tuple[Any, str, str]) -> tuple[Fill, list[Row]]:
    """Returns a filler that writes a person for each value with its format, and the rows that this shows."""

    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, HEADER)
        for number, (value, code, _shown) in enumerate(cells, start=1):
            sheet.write_string(number, 0, f"05012345{number:02}")
            style = book.add_format({"num_format": code} if code else {})
            if isinstance(value, date | time | timedelta):
                sheet.write_datetime(number, 1, value, style)
            else:
                sheet.write_number(number, 1, value, style)
            sheet.write_string(number, 2, "Sunday")

    shown = [(n + 1, [f"05012345{n:02}", text, "Sunday"]) for n, (_value, _code, text) in enumerate(cells, start=1)]
    return fill, [(1, HEADER), *shown]


NOON = datetime(2026, 11, 30, 12, 5, 9)  # noqa: DTZ001 - a cell has no zone
VALUES = {
    "dates": values(
        (NOON, "dd/mm/yyyy", "30/11/2026"), (NOON, "yyyy-mm-dd hh:mm", "2026-11-30 12:05"),
        (NOON, "d.m.yy", "30.11.26"),
        (NOON, "d mmm yyyy", "30 Nov 2026"), (NOON, "dddd", "Monday"), (NOON, "[$-40D]d mmmm yyyy", "30 נובמבר 2026"),
        (NOON, "h:mm AM/PM", "12:05 PM"), (NOON, "m/d/yyyy", "11/30/2026"), (time(9, 30), "hh:mm", "09:30"),
        (timedelta(hours=26, minutes=5), "[h]:mm", "26:05"), (NOON, "mm:ss", "05:09"),
    ),
    "money": values(
        (1234.5, "#,##0.00 ₪", "1,234.50 ₪"), (99, '"$"#,##0', "$99"), (-3.5, "0.00;(0.00)", "(3.50)"),
        (1234.5, "[$₪-40D] #,##0.00", "₪ 1,234.50"), (0, '0;-0;"free"', "free"), (19.9, '0.00 "NIS"', "19.90 NIS"),
        (1234.5, '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-', "1,234.50"),
    ),
    "numbers": values(
        (0.15, "0%", "15%"), (0.075, "0.0%", "7.5%"), (42, "00000", "00042"), (57.699999999999996, "", "57.7"),
        (0.1 + 0.2, "", "0.3"), (1e15, "", "1E+15"), (123456, "#,##0", "123,456"), (1.5, "# ?/?", "1 1/2"),
        (12345, "0.00E+00", "1.23E+04"), (501234567, "000-0000000", "050-1234567"), (1234567, '0.0,,"M"', "1.2M"),
        (-5, "", "-5"), (3, "[<5]0.0;0", "3.0"), (2.5, "0", "3"),
    ),
}  # fmt: skip
for _name, (_fill, _rows) in VALUES.items():
    by_xlsxwriter(f"xlsxwriter: {_name}", _rows)(_fill)


@by_xlsxwriter("xlsxwriter: plain")
def _plain(_book: Any, sheet: Any) -> None:
    people(sheet)


@by_xlsxwriter("xlsxwriter: texts within cells", constant_memory=True)
def _inline(_book: Any, sheet: Any) -> None:
    people(sheet)


@by_xlsxwriter("xlsxwriter: several fonts in a cell")
def _rich(book: Any, sheet: Any) -> None:
    people(sheet)
    sheet.write_rich_string(1, 1, book.add_format({"bold": True}), "Da", "na")


@by_xlsxwriter("xlsxwriter: filtered rows", [(1, HEADER), (3, AVI)])
def _filtered(_book: Any, sheet: Any) -> None:
    people(sheet)
    sheet.autofilter(0, 0, 2, 2)
    sheet.filter_column(2, "x == Monday")
    sheet.set_row(1, options={"hidden": True})


@by_xlsxwriter("xlsxwriter: the second sheet is open")
def _second(book: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, ["phone", "old"])
    second = book.add_worksheet("November")
    people(second)
    second.activate()


@by_xlsxwriter("xlsxwriter: a sheet that is hidden")
def _hidden(book: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, ["phone", "old"])
    second = book.add_worksheet("November")
    people(second)
    second.activate()
    second.set_first_sheet()
    sheet.very_hidden()


@by_xlsxwriter("xlsxwriter: a chart's sheet first")
def _chart(book: Any, sheet: Any) -> None:
    people(sheet)
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=People!$A$1:$A$3"})
    book.add_chartsheet("Chart").set_chart(chart)


@by_xlsxwriter("xlsxwriter: an empty sheet is open, one other has rows")
def _empty_open(book: Any, _sheet: Any) -> None:
    people(book.add_worksheet("November"))


@by_xlsxwriter("xlsxwriter: a table with a style")
def _table(_book: Any, sheet: Any) -> None:
    columns = [{"header": name} for name in HEADER]
    sheet.add_table(0, 0, 2, 2, {"columns": columns, "data": [DANA, AVI]})


@by_xlsxwriter("xlsxwriter: a merged title", [(3, HEADER), (4, DANA), (5, AVI)])
def _title(book: Any, sheet: Any) -> None:
    sheet.merge_range(0, 0, 0, 2, "People of November", book.add_format({"bold": True}))
    people(sheet, at=2)


@by_xlsxwriter("xlsxwriter: an empty column first", [(1, ["", *HEADER]), (2, ["", *DANA]), (3, ["", *AVI])])
def _offset(_book: Any, sheet: Any) -> None:
    people(sheet, column=1)


@by_xlsxwriter("xlsxwriter: gaps between people", [(1, HEADER), (2, DANA), (9, AVI)])
def _gaps(_book: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, DANA)
    sheet.write_row(8, 0, AVI)


@by_xlsxwriter("xlsxwriter: formulas with results")
def _formulas(_book: Any, sheet: Any) -> None:
    people(sheet)
    sheet.write_formula(1, 1, '=PROPER("dana")', None, "Dana")
    sheet.write_formula(2, 0, '="0521234567"', None, "0521234567")


@by_xlsxwriter("xlsxwriter: links and comments")
def _links(_book: Any, sheet: Any) -> None:
    people(sheet)
    sheet.write_url(1, 0, "https://wa.me/972501234567", string="0501234567")
    sheet.write_comment(1, 1, "a comment")


@by_xlsxwriter("xlsxwriter: a protected sheet")
def _protected(_book: Any, sheet: Any) -> None:
    people(sheet)
    sheet.protect("secret")


@by_xlsxwriter(
    "xlsxwriter: days since 1904", [(1, HEADER), (2, ["0501234567", "30/11/2026", "Sunday"])], date_1904=True
)
def _since_1904(book: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["0501234567", None, "Sunday"])
    sheet.write_datetime(1, 1, NOON, book.add_format({"num_format": "dd/mm/yyyy"}))


@by_xlsxwriter("xlsxwriter: lines and blanks within cells", [(1, HEADER), (2, ["0501234567", "Da\nna  L", "TRUE"])])
def _lines(_book: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["0501234567", " Da\nna  L ", True])


@by_xlsxwriter("xlsxwriter: emoji and marks", [(1, HEADER), (2, ["0501234567", "😀 \u200fדנה é", "x" * 900])])
def _emoji(_book: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["0501234567", "😀 \u200fדנה é", "x" * 900])


@made("openpyxl: plain")
def _openpyxl() -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in (HEADER, DANA, AVI):
        book.active.append(row)
    book.save(file)
    return file.getvalue()


@made("openpyxl: write-only, with dates", [(1, HEADER), (2, ["501234567", "2026-11-30", "9:30:00"])])
def _openpyxl_write_only() -> bytes:
    book, file = openpyxl.Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet("People")
    sheet.append(HEADER)
    sheet.append([501234567, date(2026, 11, 30), time(9, 30)])
    book.save(file)
    return file.getvalue()


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def by_hand(rows: str, *, texts: str = "", styles: str = "", **how: Any) -> bytes:
    """Returns a workbook of this XML. `how`: the encoding, the prefix of names, and how parts are named."""
    encoding, folder, slash = how.get("encoding", "utf-8"), how.get("folder", "xl"), how.get("slash", "/")
    relations = [
        ("worksheet", "worksheets/sheet1.xml"),
        ("sharedStrings", "sharedStrings.xml"),
        ("styles", "styles.xml"),
    ]
    related = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/{kind}" Target="{how.get("root", "")}{part}"/>'
        for n, (kind, part) in enumerate(relations, start=1)
    )
    sheet = f'<worksheet xmlns="{MAIN}"><dimension ref="A1"/><sheetData>{rows}</sheetData></worksheet>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="{folder}/workbook.xml"/></Relationships>',
        f"{folder}/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="a &amp; b" sheetId="1" r:id="r1"/></sheets></workbook>',
        f"{folder}/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/x">{related}</Relationships>',
        f"{folder}/worksheets/sheet1.xml": how.get("sheet", sheet),
    }
    if texts:
        parts[f"{folder}/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{texts}</sst>'
    if styles:
        parts[f"{folder}/styles.xml"] = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            head = f'<?xml version="1.0" encoding="{encoding}"?>'
            archive.writestr(name.replace("/", slash), (head + content).encode(encoding))
    return file.getvalue()


def cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


BARE = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in (HEADER, DANA, AVI))
made("by hand: no references")(lambda: by_hand(BARE))
made("by hand: UTF-16")(lambda: by_hand(BARE, encoding="utf-16"))
made("by hand: backslashes")(lambda: by_hand(BARE, slash="\\"))
made("by hand: another folder")(lambda: by_hand(BARE, folder="book", root="/book/"))
made("by hand: a prefix")(
    lambda: by_hand(
        "",
        sheet=f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>'
        + BARE.replace("<", "<x:").replace("<x:/", "</x:")
        + "</x:sheetData></x:worksheet>",
    )
)
made("by hand: readings, runs and empty texts")(
    lambda: by_hand(
        '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c></row>'
        f'<row>{cell("0501234567")}<c t="s"><v>4</v></c>{cell("Sunday")}</row>'
        f'<row>{"".join(map(cell, AVI))}<c t="s"><v>3</v></c></row>',
        texts="<si><t>phone</t></si><si><t>first_name</t></si><si><r><t>da</t></r><r><t>y</t></r></si><si><t/></si>"
        "<si><t>Dana</t><rPh sb='0' eb='1'><t>ダナ</t></rPh></si>",
    )
)
made("by hand: cells and rows out of order", [(1, HEADER), (2, DANA), (3, AVI)])(
    lambda: by_hand(
        f"<row r='1'>{''.join(map(cell, HEADER))}</row>"
        "<row r='2'><c r='C2' t='str'><v>Sunday</v></c><c r='A2' t='str'><v>0501234567</v></c>"
        f"<c r='B2' t='str'><v>Dana</v></c></row><row r='2'>{''.join(map(cell, AVI))}</row>"
    )
)
made("by hand: entities and CDATA", [(1, HEADER), (2, ["0501234567", "<Dana> & co", 'Sun"day'])])(
    lambda: by_hand(
        f"<row>{''.join(map(cell, HEADER))}</row><row>{cell('0501234567')}"
        f"{cell('&lt;Dana&gt; <![CDATA[& co]]>')}{cell('Sun&#34;day')}</row>"
    )
)
made("by hand: a day in ISO 8601", [(1, HEADER), (2, ["0501234567", "30/11/2026", "Sunday"])])(
    lambda: by_hand(
        f"<row>{''.join(map(cell, HEADER))}</row><row>{cell('0501234567')}"
        f'<c t="d" s="1"><v>2026-11-30T00:00:00</v></c>{cell("Sunday")}</row>',
        styles='<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>',
    )
)
made("by hand: formats named General and none", [(1, HEADER), (2, ["0501234567", "1.5", "7"])])(
    lambda: by_hand(
        f"<row>{''.join(map(cell, HEADER))}</row><row>{cell('0501234567')}"
        '<c s="1"><v> 1.5 </v></c><c s="9"><v>7</v></c></row>',
        styles='<numFmts><numFmt numFmtId="164" formatCode="General"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs>',
    )
)
made("by hand: rows hidden in other words", [(1, HEADER), (4, AVI)])(
    lambda: by_hand(
        f"<row>{''.join(map(cell, HEADER))}</row><row hidden='true'>{''.join(map(cell, DANA))}</row>"
        f"<row hidden='1'>{''.join(map(cell, DANA))}</row><row hidden='0'>{''.join(map(cell, AVI))}</row>"
    )
)

TEXT = "phone,first_name,day\r\n0501234567,Dana,Sunday\r\n0521234567,אבי כהן,Monday\r\n"
made("csv: UTF-8 with a mark")(lambda: TEXT.encode("utf-8-sig"))
made("csv: UTF-16 with tabs")(lambda: TEXT.replace(",", "\t").encode("utf-16"))
made("csv: UTF-16 without a mark")(lambda: TEXT.encode("utf-16-le"))
made("csv: carriage returns alone")(lambda: TEXT.replace("\r\n", "\r").encode())
made("csv: bars")(lambda: TEXT.replace(",", "|").encode())
made("csv: no last line end")(lambda: TEXT.strip().encode())
made("csv: everything quoted")(('"' + TEXT.strip().replace(",", '","').replace("\r\n", '"\n"') + '"').encode)
made("csv: empty columns beside")(lambda: TEXT.replace("\r\n", ",,,,\r\n").encode())
made("csv: Excel's hint", [(number + 1, row) for number, row in PLAIN])(("sep=;\r\n" + TEXT.replace(",", ";")).encode)
made("csv: commas in amounts", [(1, HEADER), (2, ["0501234567", "1,5", "2,5"]), (3, ["0521234567", "3,5", "4,5"])])(
    lambda: b"phone;first_name;day\n0501234567;1,5;2,5\n0521234567;3,5;4,5\n"
)
made("csv: lines within a cell", [(1, HEADER), (2, ["0501234567", 'Da\nna "x"', "Sunday"]), (3, AVI)])(
    lambda: TEXT.replace("Dana", '"Da\nna ""x"""').encode()
)
made("csv: a title and a delimiter that it lacks", [(2, HEADER), (3, DANA), (4, AVI)])(
    ("People, of November\r\n" + TEXT.replace(",", ";")).encode
)
