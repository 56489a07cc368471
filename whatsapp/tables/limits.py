"""What reading one file of people may take. Pure: the process that reads it imports this without Django."""

from __future__ import annotations

from dataclasses import dataclass

MOST_COLUMNS = 250
"""Columns of a header. Outlook writes 92, Google sometimes more."""
WIDEST_ROW = 1_000
"""Cells of a row, empty ones too: spreadsheets often keep formatted, empty columns beside a table."""
MOST_ROWS = 5_000_000
"""Rows, empty ones too. Excel's sheets end at 1,048,576; a CSV of 60 MB can hold a few million phone numbers."""
LONGEST_ROW = 2_000_000
"""Characters. A longer row means an unclosed quotation mark, which would swallow the rest of the file."""

MB = 1_000_000
UNPACKED_MB = 200
"""All parts of a workbook together, and all text that it shows. 5 million cells take about as much."""
STRINGS_MB = 50
"""The table of shared strings, which is held in memory as a whole."""
MOST_PARTS = 2_000
"""Files within a workbook."""
RATIO, RATIO_FROM = 100, 5 * MB
"""A part that unpacks to more than `RATIO_FROM` bytes may unpack to `RATIO` times its size. Sheets reach about 30."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the process that reads a file may use. `silence_s` is the longest time until its next rows."""

    cpu_s: int
    silence_s: int
    memory_mb: int = 600


PREVIEW = Limits(cpu_s=30, silence_s=45)
"""A first look, while somebody waits for the page."""
WHOLE = Limits(cpu_s=240, silence_s=300)
"""Reading to the end. The largest workbook takes about a minute of one core."""
