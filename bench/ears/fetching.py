"""Brings the corpus's recordings from Debian's packages: unpacked into var/ears, nothing is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = (
    "asterisk-core-sounds-en-wav",
    "asterisk-core-sounds-es-wav",
    "asterisk-core-sounds-fr-wav",
    "asterisk-core-sounds-it-wav",
    "asterisk-core-sounds-ru-wav",
    "asterisk-prompt-it-menardi-wav",
    "asterisk-moh-opsound-wav",
)
"""150 MB. Speech is CC BY-SA 3.0 (Russian CC BY 3.0), music CC BY-SA 3.0."""
FOLDER = Path("var/ears")
_PLACES = (FOLDER / "usr/share/asterisk", Path("/usr/share/asterisk"))
_WHOLE = ("sounds/en_US_f_Allison", "sounds/ru_RU_f_IvrvoiceRU", "sounds/it_IT_f_Menardi", "moh")


class CorpusMissing(RuntimeError):
    """The recordings are not here; the message says how to get them."""


def asterisk() -> Path:
    """Returns the folder of the recordings. Raises `CorpusMissing`."""
    for place in _PLACES:
        if all((place / name).is_dir() for name in _WHOLE):
            return place
    raise CorpusMissing(f"The recordings are missing. Get them with: apt-get install {' '.join(PACKAGES)}")


def fetch() -> None:
    """Fetch and unpack the packages if necessary. Raises `CorpusMissing` if apt-get is missing or fails."""
    try:
        asterisk()
    except CorpusMissing:
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise
        _unpack()
        asterisk()


def _unpack() -> None:
    print(f"Fetching the recordings (150 MB) into {FOLDER} ...", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            print(f"  {package}", file=sys.stderr)
            fetched = subprocess.run(
                ["apt-get", "download", "-qq", package], cwd=folder, capture_output=True, text=True, check=False
            )
            if fetched.returncode:
                raise CorpusMissing(f"apt-get download {package}: {fetched.stderr.strip()} (apt-get update first?)")
        for archive in sorted(Path(folder).glob("*.deb")):
            Path(FOLDER).mkdir(parents=True, exist_ok=True)
            subprocess.run(["dpkg-deb", "--extract", archive, FOLDER], check=True)
