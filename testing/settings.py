"""Settings for tests: only `DATABASE_URL` and `REDIS_URL` are read from the environment."""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

os.environ["ENV_FILE"] = os.devnull
for _name in dotenv_values(Path(__file__).resolve().parent.parent / ".env.example"):
    if _name not in {"DATABASE_URL", "REDIS_URL"}:
        os.environ.pop(_name, None)

# Workers of one run share a Redis server, and clearing the cache flushes the whole Redis database.
if os.environ.get("REDIS_URL") and (_worker := os.environ.get("PYTEST_XDIST_WORKER", "")):
    _redis = urlsplit(os.environ["REDIS_URL"])
    _number = int(_redis.path.strip("/") or 0) + int(_worker.removeprefix("gw"))
    os.environ["REDIS_URL"] = _redis._replace(path=f"/{_number}").geturl()

from frontdesk.settings import *  # noqa: E402, F403
from frontdesk.settings import DATABASES  # noqa: E402

# The name contains the process id: several test runs may share a machine.
_test_database = f"test_frontdesk_{os.getpid()}"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in production: SQLite's shared in-memory database locks tables differently.
    _test_database = str(Path(tempfile.gettempdir()) / f"{_test_database}.sqlite3")
DATABASES["default"]["TEST"] = {"NAME": _test_database}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
