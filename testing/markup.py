"""HTML for comparisons in tests: without whitespace that comes only from a template's layout."""

import re


def compact(html: str) -> str:
    """Returns the HTML with single spaces, none between tags and none before the end of a tag."""
    html = re.sub(r"\s+", " ", html)
    return html.replace("> <", "><").replace('" >', '">')
