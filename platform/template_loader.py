"""The pages' templates without their indentation.

Templates are laid out for whoever reviews them; sent as they stand, the indentation would be half of a long page.
It is removed when a template is loaded, not from answers: what people have written keeps its spaces.
Lines stay lines, so that words stay apart and errors name the right line.
"""

import re

from django.template import Origin
from django.template.loaders import filesystem

INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)


class Loader(filesystem.Loader):
    """Loads from the folders in `DIRS`. Only HTML loses its indentation: a text for a mail is sent as it stands."""

    def get_contents(self, origin: Origin) -> str:
        """Returns the template's source."""
        contents = super().get_contents(origin)
        return INDENTATION.sub("", contents) if str(origin.name).endswith(".html") else contents
