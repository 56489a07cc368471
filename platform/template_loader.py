"""The pages' templates without their indentation.

Templates are indented for review; sent unchanged, the indentation would be half of a long page.
It is removed when a template is loaded, not from responses, so that text from people keeps its spaces.
Line breaks are kept, so that words stay separate and errors name the right line.
"""

import re

from django.template import Origin
from django.template.loaders import filesystem

INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)


class Loader(filesystem.Loader):
    """Loads from the folders in `DIRS`. Only HTML loses its indentation: the text of a mail is unchanged."""

    def get_contents(self, origin: Origin) -> str:
        """Returns the template's source."""
        contents = super().get_contents(origin)
        return INDENTATION.sub("", contents) if str(origin.name).endswith(".html") else contents
