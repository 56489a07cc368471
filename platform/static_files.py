"""Static files outside DEBUG: cached forever, under names that contain a hash of their content."""

from __future__ import annotations

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Whitenoise's storage, which also works before `collectstatic` has run: then with plain names, uncached."""

    manifest_strict = False

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        """Returns the name with its content's hash, or the plain name of a file that was not collected."""
        try:
            return str(super().hashed_name(name, content, filename))
        except ValueError:  # Django raises it when the file doesn't exist in STATIC_ROOT
            return name
