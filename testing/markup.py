"""HTML as tests compare it: without the whitespace that only the layout of a template makes."""

import re


def compact(html: str) -> str:
    """Returns the HTML with single spaces, none between tags and none before the end of a tag."""
    html = re.sub(r"\s+", " ", html)
    return html.replace("> <", "><").replace('" >', '">')
