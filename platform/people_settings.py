"""Settings of people and mail: accounts, passwords, second factors, sessions. A part of `settings.py`."""

from django.core.exceptions import ImproperlyConfigured

from frontdesk import env

AUTH_USER_MODEL = "businesses.User"
_DJANGOS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_DJANGOS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_DJANGOS}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "businesses.signing_in.passwords.GuessableValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "start"
LOGOUT_REDIRECT_URL = "account_login"
# Sign-up is closed: operators create owners, and owners invite.
ACCOUNT_ADAPTER = "businesses.signing_in.door.ClosedDoor"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # invitations ask for a code from the mailbox (businesses/invitation_codes.py)
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # whoever asks for a new password can't make us write to a stranger
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {
    # Wrong passwords: from one network address; for one account from one address ("key" holds both, see the door).
    "login_failed": "10/m/ip,5/5m/key",
    "login_failed_total": "300/h/key",  # for one account from all addresses
    "reset_password": "20/m/ip,5/h/key",  # each is a mail to somebody
}
# People whom an owner may invite on one day; each gets a mail from us without having asked.
INVITATIONS_PER_DAY = env.number("INVITATIONS_PER_DAY", default=30)
SESSION_ENGINE = "businesses.signing_in.session_store"
# Minutes after which a session that nobody uses ends. Twelve hours: nobody is signed out during a day's work, and
# everybody is overnight.
SESSION_IDLE_MINUTES = env.number("SESSION_IDLE_MINUTES", default=720)
if SESSION_IDLE_MINUTES < 5:
    raise ImproperlyConfigured(
        f"SESSION_IDLE_MINUTES={SESSION_IDLE_MINUTES} signs people out while they read: 5 or more"
    )
# Operators must sign in with a second factor. Owners decide for their own businesses (page "Members").
REQUIRE_SECOND_FACTOR = env.flag("REQUIRE_SECOND_FACTOR", default=False)
MFA_ADAPTER = "businesses.signing_in.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
# Addresses are not verified, as above. But allauth stores an address as unverified when a password reset is requested
# for it, and without this setting that account could no longer add an authenticator app.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Frontdesk"

# Mail: invitations and password resets. Without a server, mails are printed in development, and sent nowhere otherwise.
EMAIL_HOST = env.text("EMAIL_HOST")
_without_server = (
    "django.core.mail.backends.console.EmailBackend"
    if env.flag("DEBUG", default=True)
    else "frontdesk.no_mail.EmailBackend"
)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else _without_server
EMAIL_PORT = env.number("EMAIL_PORT", default=587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = EMAIL_PORT != 25
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Frontdesk <frontdesk@localhost>")
