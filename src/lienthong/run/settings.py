"""Django settings. Every `LIENTHONG_` variable is read here and nowhere else.

The defaults run on a laptop. `lienthong node check` refuses laptop defaults outside the demo.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

PACKAGE_DIR = Path(__file__).resolve().parent.parent


def _flag(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default).lower() in {"1", "true", "yes"}


def _loopback(url: str) -> str:
    """The address of an agent on the machine of whoever looks at the page. Raises ValueError."""
    if url and urlsplit(url).hostname not in {"127.0.0.1", "localhost"}:
        raise ValueError(f"LIENTHONG_AGENT_URL must be on 127.0.0.1, not {url!r}")
    return url.rstrip("/")


def database_from_url(url: str) -> dict[str, Any]:
    """Return Django's DATABASES entry for a `postgresql://user:password@host:port/name?…` URL.

    A unix socket directory is given as `?host=/path`. Raises ValueError for another scheme.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError(
            f"LIENTHONG_DATABASE_URL must start with postgresql://, not {parts.scheme!r}"
        )
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "lienthong",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", str(parts.port or "")),
        "OPTIONS": query,
        "CONN_MAX_AGE": 0,
    }


# The node
NODE_NAME = os.environ.get("LIENTHONG_NODE", "laptop")
NODE_KIND = os.environ.get("LIENTHONG_NODE_KIND", "agency")  # "agency" or "axis"
NODE_TITLE = os.environ.get("LIENTHONG_NODE_TITLE", "Liên Thông")
DATA_DIR = Path(os.environ.get("LIENTHONG_DATA_DIR", "var/laptop"))
HUB_URL = os.environ.get("LIENTHONG_HUB_URL", "http://127.0.0.1:8000")
EVIDENCE_URL = os.environ.get("LIENTHONG_EVIDENCE_URL", "")  # where others read this node's logs
KEY_DEVICES_FILE = os.environ.get("LIENTHONG_KEY_DEVICES_FILE", "")  # devices of keys; empty: none
AGENT_URL = _loopback(os.environ.get("LIENTHONG_AGENT_URL", ""))  # beside the browser; empty: none
PKI_URL = os.environ.get("LIENTHONG_PKI_URL", "")  # the authority's services; empty: none
# The address of these services as certificates name it, for good; this node asks PKI_URL instead.
PKI_PUBLIC_URL = os.environ.get("LIENTHONG_PKI_PUBLIC_URL", "") or PKI_URL
DEMO = _flag("LIENTHONG_DEMO")

# Mail: smtp://user:password@host:port, smtps:// for TLS from the start, ?tls=start for STARTTLS.
# Where it is empty no letter is sent. WEB_URL is where people open this node's pages.
WEB_URL = os.environ.get("LIENTHONG_WEB_URL", "").rstrip("/")
_SMTP = urlsplit(os.environ.get("LIENTHONG_SMTP_URL", ""))
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _SMTP.hostname or "", _SMTP.port or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_SMTP.username or ""), unquote(_SMTP.password or "")
EMAIL_USE_SSL = _SMTP.scheme == "smtps"
EMAIL_USE_TLS = dict(parse_qsl(_SMTP.query)).get("tls") == "start"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("LIENTHONG_MAIL_FROM", "lienthong@localhost")

# Limits (specs: edXML packets §6.4), bytes
PACKET_SIZE_MAX_BYTES = int(
    os.environ.get("LIENTHONG_PACKET_SIZE_MAX_BYTES", str(150 * 1024 * 1024))
)
LARGE_PACKET_SIZE_MAX_BYTES = int(
    os.environ.get("LIENTHONG_LARGE_PACKET_SIZE_MAX_BYTES", str(1536 * 1024 * 1024))
)
DOCUMENT_SIZE_MAX_BYTES = int(
    os.environ.get("LIENTHONG_DOCUMENT_SIZE_MAX_BYTES", str(100 * 1024 * 1024))
)
# "module:function" that reads scans, (bytes, content type) -> text; empty: nothing does.
TEXT_READER = os.environ.get("LIENTHONG_TEXT_READER", "")
HUB_WAITING_MAX = int(os.environ.get("LIENTHONG_HUB_WAITING_MAX", "256"))
ARCHIVE_URL = os.environ.get("LIENTHONG_ARCHIVE_URL", "")  # empty: closed segments stay here alone
ARCHIVE_ENDPOINT = os.environ.get("LIENTHONG_ARCHIVE_ENDPOINT", "")
ARCHIVE_KEY_FILE = os.environ.get("LIENTHONG_ARCHIVE_KEY_FILE", "")
ARCHIVE_LOCAL_DAYS = float(os.environ.get("LIENTHONG_ARCHIVE_LOCAL_DAYS", "90"))
HUB_DELIVERY_FILE = os.environ.get("LIENTHONG_HUB_DELIVERY_FILE", "")  # empty: the built-in one

# Django
SECRET_KEY_FILE = os.environ.get("LIENTHONG_SECRET_KEY_FILE", "")
SECRET_KEY = (
    Path(SECRET_KEY_FILE).read_text(encoding="ascii").strip()
    if SECRET_KEY_FILE
    else "laptop-default-refused-outside-the-demo"
)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("LIENTHONG_ALLOWED_HOSTS", "127.0.0.1,localhost").split(",")
ROOT_URLCONF = "lienthong.run.urls"
WSGI_APPLICATION = "lienthong.run.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "procrastinate.contrib.django",
    "lienthong.web",
    "lienthong.apps.directory",
    "lienthong.apps.accounts",
    "lienthong.apps.outbox",
    "lienthong.apps.files",
    "lienthong.apps.notices",
    "lienthong.apps.pki",
    "lienthong.apps.evidence",
    "lienthong.apps.registry",
    "lienthong.apps.journal",
    "lienthong.apps.administration",
    "lienthong.apps.exchange.hub",
    "lienthong.apps.exchange.access_point",
    "lienthong.apps.documents",
    "lienthong.run",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lienthong.web.middleware.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "lienthong.web.middleware.ProblemMiddleware",
    "lienthong.apps.accounts.middleware.SeatMiddleware",
    "lienthong.apps.pki.key_uses.KeyUseMiddleware",
    "lienthong.web.middleware.BodySizeMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "lienthong.web.context.shell",
            ],
        },
    },
]

# The database. Pages use the application role; `lienthong migrate` uses the owner's URL.
DATABASE_URL = os.environ.get(
    "LIENTHONG_DATABASE_URL", "postgresql://lienthong@/lienthong?host=var/postgres"
)
DATABASES = {"default": database_from_url(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in
AUTH_USER_MODEL = "accounts.Person"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
# "required": staff prove themselves with a second factor, as the threat model says (TM-X-01).
SECOND_FACTOR = os.environ.get("LIENTHONG_SECOND_FACTOR", "offered")
OIDC_FILE = os.environ.get("LIENTHONG_OIDC_FILE", "")  # identity providers; empty: none
DEVICE_COOKIE_NAME = f"lienthong_{NODE_NAME}_device"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = f"lienthong_{NODE_NAME}_session"
CSRF_COOKIE_NAME = f"lienthong_{NODE_NAME}_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not (DEMO or _flag("LIENTHONG_PLAIN_HTTP", "1"))
X_FRAME_OPTIONS = "SAMEORIGIN"
CSRF_FAILURE_VIEW = "lienthong.web.pages.form_expired"

# Language and time: Vietnamese first, English second, Vietnam's clock (exchange rules DX-18)
LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
LOCALE_PATHS = [PACKAGE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Ho_Chi_Minh"

# Files
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LIENTHONG_LOG_LEVEL", "INFO")},
    # A line for each request of a long poll tells nobody anything.
    "loggers": {"httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}},
}
