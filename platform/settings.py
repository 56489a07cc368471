"""Django settings of one installation, all read from the environment. `.env.example` explains each variable.

A bare checkout runs without any of them: SQLite in `var/`, an in-process channel layer and worker.
"""

import base64
import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url

from frontdesk import env, logs, secret_forms
from frontdesk.people_settings import *  # noqa: F403 - a part of this file, for its length
from frontdesk.schedule import CELERY_BEAT_SCHEDULE, SYNTHETIC_CALL

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
VAR_DIR.mkdir(mode=0o700, exist_ok=True)

DEBUG = env.flag("DEBUG", default=True)
if not DEBUG:
    env.require(
        "SECRET_KEY",
        "PUBLIC_URL",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "OPENAI_API_KEY",
        "FIELD_ENCRYPTION_KEYS",
    )

SECRET_KEY = env.text("SECRET_KEY", secret_forms.DEVELOPMENT_KEY)
PORT = env.number("PORT", default=8000)
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
env.refuse(
    secret_forms.refusals(
        debug=DEBUG,
        secret_key=SECRET_KEY,
        public_url=PUBLIC_URL,
        encryption_keys=env.words("FIELD_ENCRYPTION_KEYS"),
    )
)
# This machine's own names are always allowed: health checks use them.
ALLOWED_HOSTS = [*env.words("ALLOWED_HOSTS", urlsplit(PUBLIC_URL).hostname or ""), "localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "frontdesk",  # its runserver comes before that of staticfiles
    "businesses.fence.apps.FencedAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "channels",
    "businesses",
    "calls",
    "whatsapp",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",  # before all middleware that may answer: redirects to https need the headers too
    "frontdesk.page_headers.page_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "businesses.signing_in.sessions.IdleSessions",
    "businesses.middleware.ActingBusinessMiddleware",
    "businesses.middleware.NotStoredMiddleware",
    "businesses.signing_in.second_factor.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "frontdesk.urls"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
ASGI_APPLICATION = "frontdesk.asgi.application"

_LOADERS = ["frontdesk.template_loader.Loader", "django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [("django.template.loaders.cached.Loader", _LOADERS)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

# The database ---------------------------------------------------------------------------------
DATABASES = {"default": dj_database_url.parse(env.text("DATABASE_URL", f"sqlite:///{VAR_DIR / 'frontdesk.sqlite3'}"))}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that reads before it writes would fail with SQLITE_BUSY instead of waiting.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    }
else:
    # Twilio waits 15 s for a webhook: an unreachable database must be noticed before that.
    DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5
    # Behind PgBouncer in transaction mode a session has no state: no cursors in the server, and `calls/short_waits.py`.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = env.flag("DATABASE_TRANSACTION_POOLING", default=False)
# How many connections to PostgreSQL one web process holds at most; the requests that run at once are bounded by it.
DATABASE_POOL_SIZE = env.number("DATABASE_POOL_SIZE", default=20)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis, channels, Celery ------------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL")
# channels-redis waits 5 s for a message at a time. The client's own limit, 5 s as well, would end each wait with an
# error and lose what comes meanwhile; a longer one still notices a Redis that is gone without a word.
_LAYER_HOST = {"address": REDIS_URL, "socket_timeout": 12.0, "socket_connect_timeout": 2.0}
CHANNEL_LAYERS = {
    "default": (
        {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [_LAYER_HOST]}}
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}
CACHES = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_timeout": 1.0, "socket_connect_timeout": 1.0},  # a hanging Redis must not block pages
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", REDIS_URL or "memory://localhost/")
if not CELERY_BROKER_URL.startswith("memory://"):
    # Seconds that a page waits for an unreachable broker when it wakes a worker. Periodic tasks find the work anyway.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"connect_retries_timeout": 1.0}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker whose broker is away for long must not end

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("he", "עברית")]
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "frontdesk.formats"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static-collected"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns without it
STATICFILES_DIRS = [BASE_DIR / "static"]
_static = "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "frontdesk.static_files.StaticFiles"
STORAGES = {
    "default": {
        "BACKEND": "businesses.media_folder.Storage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": _static},
}
WHITENOISE_USE_FINDERS = DEBUG or not (STATIC_ROOT / "staticfiles.json").exists()

# OpenAI and Twilio ------------------------------------------------------------------------------
# Without a key the sandbox engine answers in OpenAI's place: the same protocol at another address.
SANDBOX_PORT = env.number("SANDBOX_PORT", default=PORT + 1)
OPENAI_API_KEY = env.text("OPENAI_API_KEY")
_sandbox = "" if OPENAI_API_KEY else f"127.0.0.1:{SANDBOX_PORT}/v1"
OPENAI_REALTIME_URL = env.text("OPENAI_REALTIME_URL", f"ws://{_sandbox}" if _sandbox else "wss://api.openai.com/v1")
OPENAI_BASE_URL = env.text("OPENAI_BASE_URL", f"http://{_sandbox}" if _sandbox else "https://api.openai.com/v1")
env.refuse(secret_forms.address_refusals(realtime_url=OPENAI_REALTIME_URL, base_url=OPENAI_BASE_URL))
OPENAI_REALTIME_MODEL = env.text("OPENAI_REALTIME_MODEL", "gpt-realtime-2.1")
OPENAI_SPEECH_MODEL = env.text("OPENAI_SPEECH_MODEL", "gpt-realtime-2.1-mini")
OPENAI_SUMMARY_MODEL = env.text("OPENAI_SUMMARY_MODEL", "gpt-5.4-mini")
OPENAI_TRANSCRIPTION_MODEL = env.text("OPENAI_TRANSCRIPTION_MODEL", "gpt-transcribe")
# What OpenAI does to callers' audio before it listens: near_field or far_field, perhaps with a strength after a colon.
OPENAI_NOISE_REDUCTION = env.choice("OPENAI_NOISE_REDUCTION", r"(near_field|far_field)(:(0(\.\d+)?|1(\.0+)?))?")

TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN")
TWILIO_API_URL = env.text("TWILIO_API_URL", "https://api.twilio.com")

# WhatsApp ---------------------------------------------------------------------------------------
WHATSAPP_API_URL = env.text("WHATSAPP_API_URL", "https://graph.facebook.com/v25.0").rstrip("/")
# Empty: Meta's webhooks are refused, since their signatures can't be checked.
WHATSAPP_APP_SECRET = env.text("WHATSAPP_APP_SECRET")
WHATSAPP_VERIFY_TOKEN = env.text("WHATSAPP_VERIFY_TOKEN")
# A folder of rate cards that add to Meta's or take their place (docs/operations.md).
WHATSAPP_RATE_CARDS = env.text("WHATSAPP_RATE_CARDS")
# How long a provider may take to answer one message (seconds). After that it is unknown whether it was accepted.
WHATSAPP_TIMEOUT_S = env.number("WHATSAPP_TIMEOUT_S", default=20)
# The largest file of a message that is fetched (MB). WhatsApp takes documents of up to 100 MB.
WHATSAPP_MEDIA_MB = env.number("WHATSAPP_MEDIA_MB", default=25)

# Fernet keys of the businesses' credentials, newest first. In development one is derived if none is set.
FIELD_ENCRYPTION_KEYS = env.words("FIELD_ENCRYPTION_KEYS") or [
    base64.urlsafe_b64encode(hashlib.sha256(SECRET_KEY.encode()).digest()).decode()
]
# Files that people upload, and recordings of calls. Several machines need a shared folder.
MEDIA_ROOT = env.text("MEDIA_ROOT", str(VAR_DIR / "media"))

# Names, addresses and networks inside ours that businesses may have told and read (`businesses/safe_http.py`).
PRIVATE_HOSTS = env.words("PRIVATE_HOSTS")

# Bounds of the days that businesses choose for what is kept of people, by kind: (fewest, most).
KEPT_DAYS_LIMITS = env.ranges(
    "KEPT_DAYS_LIMITS", ("news", "messages", "recordings", "transcripts", "traces", "callers", "audit")
)

# How many calls one web process takes at once; at that number `/readyz` answers 503.
CALLS_PER_PROCESS = env.number("CALLS_PER_PROCESS", default=40)
# How long a process waits for its running calls after SIGTERM (seconds).
DRAIN_SECONDS = env.number("DRAIN_SECONDS", default=600)
# The bearer token for /metrics. If unset, everyone may read it in DEBUG and nobody otherwise.
METRICS_TOKEN = env.text("METRICS_TOKEN")
# Every so many minutes the installation calls itself, as a caller would. 0: never.
SYNTHETIC_CALL_MINUTES = env.number("SYNTHETIC_CALL_MINUTES", default=0)
if SYNTHETIC_CALL_MINUTES:
    CELERY_BEAT_SCHEDULE["synthetic-call"] = SYNTHETIC_CALL

# Transport security -----------------------------------------------------------------------------
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True  # none of our scripts reads cookies
# All scripts and styles are our own files; none is inline.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],  # what the microphone has just recorded; only our own scripts make blobs
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 4_000_000  # bytes of a form without its files, or of a webhook (Meta's are up to 3 MB)
if PUBLIC_URL.startswith("https://"):
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # failed logins are counted by the address that the proxy saw
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # the proxy in front must set it (docs/deploy.md)
if PUBLIC_URL.startswith("https://") and not DEBUG:  # in DEBUG, sign-in also works at http://127.0.0.1
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True

# Where errors are reported to, besides the log. If unset, nothing of it is imported.
SENTRY_DSN = env.text("SENTRY_DSN")
if SENTRY_DSN:
    from frontdesk import error_reports

    error_reports.install(SENTRY_DSN)
# The collector of OpenTelemetry that gets spans of requests, tasks and calls. If unset, nothing of it is imported.
OTEL_EXPORTER_OTLP_ENDPOINT = env.choice("OTEL_EXPORTER_OTLP_ENDPOINT", r"https?://[^\s/]\S*")
OTEL_EXPORTER_OTLP_HEADERS = env.text("OTEL_EXPORTER_OTLP_HEADERS")
if OTEL_EXPORTER_OTLP_ENDPOINT:
    MIDDLEWARE.insert(0, "frontdesk.request_spans.RequestSpans")
LOG_FORMAT = env.choice("LOG_FORMAT", r"text|json")
LOGGING = logs.config(level=env.text("LOG_LEVEL", "INFO"), form=LOG_FORMAT)
