"""Exported tables: readable in Excel, and harmless there."""

from __future__ import annotations

import pytest

from businesses.pages.csv_export import csv_answer, defused

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("+972501234567", "+972501234567"),
        ("+972501234567+1", "'+972501234567+1"),
        ("+972501234567\n=1", "'+972501234567\n=1"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("\nDana", "'\nDana"),
        ("  =1", "'  =1"),
        ("\xa0=1", "'\xa0=1"),
        ("\u200f=1", "'\u200f=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\x00=1", "'\x00=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff201", "'\uff201"),
        ("דנה", "דנה"),
        ("\u200fדנה", "\u200fדנה"),
        ("a=b", "a=b"),
        (None, ""),
        (12, "12"),
    ],
)
def test_a_cell_becomes_no_formula(cell: object, written: str) -> None:
    assert defused(cell) == written


def test_the_answer_is_an_attachment_that_excel_reads() -> None:
    answer = csv_answer("people of “spring”", ["טלפון", "=name"], iter([("+972501234567", 'Dana, "D"'), (None, "-1")]))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="people-of-spring.csv"'
    assert not answer.streaming
    assert answer.content.decode() == ('\ufeff"טלפון","\'=name"\r\n"+972501234567","Dana, ""D"""\r\n"","\'-1"\r\n')
