"""The one settings file, read from the environment: safe for local work, refused by checks when unsafe elsewhere."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.files.storage import FileSystemStorage
from django.templatetags.static import static
from django.urls import reverse_lazy

from possys import logs, secrets

# Lets `ModelAdmin[Terminal]` and its like be written at run time, as mypy wants them.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
# With the secrets that files give (NAME_FILE, $CREDENTIALS_DIRECTORY). They are read from `given` itself: for `env` a
# value that begins with $ is another variable's name.
given = secrets.Environment(os.environ)
env = environ.Env()
env.ENVIRON = given
# Which files they are, for the checks.
SECRET_FILES = secrets.files(os.environ)

DEBUG = env.bool("DEBUG", default=False)
TESTING = "pytest" in sys.modules
# `make run` on one desk: local secrets and demo logins are allowed, Django's debug pages stay off.
DEMO = env.bool("DEMO", default=False)
LOCAL_WORK = DEBUG or DEMO or TESTING

# The secrets of local work. `possys.checks` refuses each of them in production.
LOCAL_SECRET_KEY = "local-work-only-never-in-production"  # noqa: S105
LOCAL_TERMINAL_KEY = "00" * 32
LOCAL_CODE_KEYS = "0:2020-01-01:000102030405060708090a0b0c0d0e0f"
LOCAL_TEST_CODE_KEYS = "0:2020-01-01:101112131415161718191a1b1c1d1e1f"
LOCAL_SECOND_FACTOR_KEY = "11" * 32
LOCAL_LOG_KEY = "PRIVATE+KEY+possys.local/log+c6aeffd1+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

SECRET_KEY = given.get("SECRET_KEY", LOCAL_SECRET_KEY)
# Earlier values of SECRET_KEY: links in mails that were signed with them stay good.
SECRET_KEY_FALLBACKS = [key for key in given.get("SECRET_KEY_FALLBACKS", "").split(",") if key]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where customers reach the site; a receipt's link and QR code begin with it.
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")

# --- Signing in ------------------------------------------------------------------------------------------------
# Whether the admin is closed to a session without a second factor (possys/accounts/site.py).
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=not LOCAL_WORK)
# Under which authenticators' keys are encrypted (32 bytes, hex), and what it was before (possys/accounts/sealing.py).
SECOND_FACTOR_KEY = given.get("SECOND_FACTOR_KEY", LOCAL_SECOND_FACTOR_KEY)
SECOND_FACTOR_OLD_KEYS = [key for key in given.get("SECOND_FACTOR_OLD_KEYS", "").split(",") if key]
# A session of staff ends after so long without a page, and so long after the sign-in whatever happens.
STAFF_IDLE_MINUTES = env.int("STAFF_IDLE_MINUTES", default=60)
STAFF_SESSION_HOURS = env.int("STAFF_SESSION_HOURS", default=12)
# In a table that knows whose each is, so that people see their own (possys/accounts/session_list.py).
SESSION_ENGINE = "possys.accounts.session_store"
# A person's browsers that are signed in at once; one more ends the one that was not used for longest. A desk, a
# telephone, a tablet and some that were forgotten; a thief's hundredth would be seen by nobody.
SESSIONS_AT_ONCE = env.int("SESSIONS_AT_ONCE", default=10)
# Wrong tries of sign-ins, each with a login's name and an address, are forgotten after so long.
ATTEMPTS_KEPT_DAYS = env.int("ATTEMPTS_KEPT_DAYS", default=30)
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# django-axes counts by our own handler, whose limits are there, and does not keep what else a browser sent.
AXES_HANDLER = "possys.accounts.lockout.Lockout"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "possys.accounts.lockout.client_address"
AXES_USERNAME_CALLABLE = "possys.accounts.lockout.name_of"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# Our pages answer for themselves who is locked out, so axes' middleware is not needed.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]

# --- The fleet's keys ------------------------------------------------------------------------------------------
# The key under which terminals' bearer tokens are authenticated (32 bytes, hex).
TERMINAL_KEY = given.get("TERMINAL_KEY", LOCAL_TERMINAL_KEY)
# Receipt codes' keys, "version:first_day:hexkey,..."; the table only grows (see possys/codes.py).
CODE_KEYS = given.get("CODE_KEYS", LOCAL_CODE_KEYS)
TEST_CODE_KEYS = given.get("TEST_CODE_KEYS", LOCAL_TEST_CODE_KEYS)

# --- The log of blocks -----------------------------------------------------------------------------------------
# The checkpointer's private keys, one a line or separated by commas, the current one first (manage.py log_key --new).
# LOG_KEY_FILE names a file that holds them; only the checkpointer's processes need either.
_log_key_file = secrets.file_of("LOG_KEY", os.environ)
LOG_KEY_FILE = str(_log_key_file.path) if _log_key_file else ""
LOG_KEY = env.str("LOG_KEY", default=LOCAL_LOG_KEY if LOCAL_WORK else "")
# What the checkpointer signed last, kept where no database can reach it.
LOG_STATE_FILE = env.str("LOG_STATE_FILE", default=str(BASE_DIR / ".local" / "log-state.json"))
# Witnesses as "vkey url", separated by commas, and how many of them must have cosigned.
WITNESSES = env.list("WITNESSES", default=[])
WITNESS_QUORUM = env.int("WITNESS_QUORUM", default=0)
# Where archived days lie.
ARCHIVE_DIR = env.str("ARCHIVE_DIR", default=str(BASE_DIR / ".local" / "archive"))
# Days of blocks older than this belong there (manage.py keep_days); 0: none, ever.
ARCHIVE_AFTER_DAYS = env.int("ARCHIVE_AFTER_DAYS", default=0)

# --- Capture ---------------------------------------------------------------------------------------------------
# The oldest and the most future date of issue that capture takes, in days.
CAPTURE_PAST_DAYS = env.int("CAPTURE_PAST_DAYS", default=400)
CAPTURE_FUTURE_DAYS = env.int("CAPTURE_FUTURE_DAYS", default=1)
# How long a till may go on offline when this system is away; told in every answer that asks it to wait.
OFFLINE_ALLOWED_HOURS = env.int("OFFLINE_ALLOWED_HOURS", default=48)
# Replicas that must have fsynced a sale before it is acknowledged (WAITAOF); 0 with a single store.
STORE_REPLICAS_MIN = env.int("STORE_REPLICAS_MIN", default=0)
# How long the store keeps what the ledger has already, so that a restored database is filled up again (docs/backup.md).
STREAM_KEPT_S = env.int("STREAM_KEPT_S", default=0)
# How long a token of a terminal or gateway is good for, in days; tills fetch the next one themselves.
CREDENTIAL_DAYS = env.int("CREDENTIAL_DAYS", default=730)
# From so many days before its end, answers say that the token expires.
CREDENTIAL_NOTICE_DAYS = env.int("CREDENTIAL_NOTICE_DAYS", default=60)
# How long the one before goes on working beside a new one: sales that were signed or queued under it still come.
CREDENTIAL_OVERLAP_DAYS = env.int("CREDENTIAL_OVERLAP_DAYS", default=14)
# Sales of one terminal a minute; a full offline backlog of some batches still passes.
TERMINAL_RATE_PER_MINUTE = env.int("TERMINAL_RATE_PER_MINUTE", default=3000)

# --- Metrics ---------------------------------------------------------------------------------------------------
# What Prometheus sends as its bearer token for /metrics; without one it is served in local work only.
METRICS_TOKEN = given.get("METRICS_TOKEN", "")

# --- Servers ---------------------------------------------------------------------------------------------------
_database = env.db_url_config(
    # Django's own backend with a bound on how long web processes wait (possys/database/patience.py).
    given.get("DATABASE_URL", "postgres://possys@127.0.0.1:5432/possys"),
    engine="possys.database",
)
DATABASES = {
    "default": {
        **_database,
        # A machine that is gone answers nothing: connecting ends after so many seconds, and a connection on which
        # nothing was acknowledged for 30 s is broken off. A server that is slow or hangs acknowledges all the same.
        "OPTIONS": {
            "connect_timeout": 10,
            "tcp_user_timeout": 30_000,
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            **_database.get("OPTIONS", {}),
        },
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
}
REDIS_URL = given.get("REDIS_URL", "redis://127.0.0.1:6379/0")
BROKER_URL = given.get("BROKER_URL", "redis://127.0.0.1:6380/0")
# What may be forgotten: counts of the public pages' limits. Never the capture store, which must not evict anything.
CACHE_URL = given.get("CACHE_URL", BROKER_URL.rpartition("/")[0] + "/1")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "possys",
        # A page must not wait for a count.
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}
# How many proxies stand before this server, each adding the address it saw to X-Forwarded-For.
PROXIES = env.int("PROXIES", default=0)

# --- Mail ------------------------------------------------------------------------------------------------------
# "smtp://user:password@host:587/?ssl=False&tls=True" and the like; local work writes its mails into .local/mail.
EMAIL_URL = given.get("EMAIL_URL", "filemail:///" + str(BASE_DIR / ".local" / "mail") if LOCAL_WORK else "")
vars().update(env.email_url_config(EMAIL_URL) if EMAIL_URL else {})
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="receipts@localhost")
EMAIL_TIMEOUT = 10

# --- Text messages ---------------------------------------------------------------------------------------------
# An operator's gateway (possys/sms.py); without one, players of the lottery are asked for an e-mail address only. Local
# work writes its text messages into .local/sms.
SMS_URL = env.str("SMS_URL", default="filesms://" + str(BASE_DIR / ".local" / "sms") if LOCAL_WORK else "")
SMS_TOKEN = given.get("SMS_TOKEN", "")
# The country of phone numbers that are written without a country code (ISO 3166).
PHONE_REGION = env.str("PHONE_REGION", default="CZ")

# --- Django ----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "possys.accounts.apps.AdminConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_otp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "possys",
    "possys.accounts",
    "transactions",
    "ledger",
    "receipts",
    "portal",
    "analytics",
    "lottery",
    "accounting",
    "warehouse",
    "fleet",
    "findings",
    "status",
    "audit",
]
MIDDLEWARE = [
    "possys.requests.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "possys.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Before everything that may answer with a page, such as the refusal of an unknown host.
    "possys.language.LanguageMiddleware",
    "possys.area_limits.AreaLimitsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "possys.accounts.sessions.SignedInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # The last: it hears who asks, and what all others let through.
    "audit.middleware.AuditMiddleware",
]
ROOT_URLCONF = "possys.urls"
WSGI_APPLICATION = "possys.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "possys.language.switch",
                "receipts.site_navigation.site_navigation",
            ]
        },
    }
]
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "portal-login"
LOGIN_REDIRECT_URL = "portal-start"
# Eight characters, none of the 20,000 commonest, not made of words that belong here; how it is composed is free.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "possys.accounts.passwords.ContextWordsValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The customer's pages speak these, each named in itself; admin and API speak English (possys/language.py).
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("cs", "Čeština"), ("de", "Deutsch"), ("sr-latn", "Srpski")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["possys.formats"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_HTTPONLY = True
# The country's: what staff and retailers read as today, and when the night's counts are made. Receipts have their own.
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
STATIC_URL = "static/"
# One folder for all releases: a page of the one before still finds its files, whose names end in their hashes.
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / ".local" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Static files are served from where they lie, so that neither tests nor a first run need `collectstatic`.
WHITENOISE_USE_FINDERS = LOCAL_WORK
# Which name has which hash is each release's own: `collectstatic` writes it beside the program.
STATIC_NAMES = BASE_DIR / ".local" / "static-names"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    if LOCAL_WORK
    else {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "OPTIONS": {"manifest_storage": FileSystemStorage(STATIC_NAMES)},
    },
}

# What Django takes of a form before any view; files and JSON have bounds of their own (docs/security.md, Size limits).
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
# A page's form with as many rows as may be sent at once (portal/sheets/forms.py), each with at most nine fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
# No form takes more than one.
DATA_UPLOAD_MAX_NUMBER_FILES = 4

# Errors' pages and reports show no secret (possys/error_pages.py).
DEFAULT_EXCEPTION_REPORTER_FILTER = "possys.error_pages.SecretsFilter"

# --- What browsers are told ------------------------------------------------------------------------------------
IS_HTTPS = SITE_URL.startswith("https://")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
# Mails and QR codes lead to pages for people who are signed in; a form is only ever sent by a page of this site.
SESSION_COOKIE_SAMESITE, CSRF_COOKIE_SAMESITE = "Lax", "Strict"
# With this prefix a browser takes the cookie from this very host by TLS only, for all of its paths.
COOKIE_PREFIX = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
MESSAGE_STORAGE = "possys.message_store.MessageStore"
# Own files only, no inline script or style: a hostile product name that got through could run nothing.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# What pages below an address need besides (possys/headers.py).
CONTENT_SECURITY_POLICY_BELOW = {
    # Charts and tables ask this site for more.
    "/portal/": {"connect-src": [SELF]},
    # unfold brings fonts, and one style element of its theme's colours.
    "/admin/": {"connect-src": [SELF], "font-src": [SELF], "style-src": [NONCE]},
    # Swagger UI is started by one script element, and draws its arrows from data: addresses.
    "/api/docs/": {"connect-src": [SELF], "img-src": ["data:"], "script-src": [NONCE]},
}
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
# Prometheus asks each process by its own address.
SECURE_REDIRECT_EXEMPT = [r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_TLS_PROXY", default=False) else None

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "possys.openapi.ApiSchema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "possys.negotiation.OneAnswer",
    "EXCEPTION_HANDLER": "possys.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Possys API",
    "DESCRIPTION": "Tills send their sales here and get a receipt code; anyone looks a receipt up by its code.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["transactions.schema.add_components"],
}
UNFOLD = {
    "SITE_TITLE": "Possys",
    "SITE_HEADER": "Possys",
    "SITE_SYMBOL": "receipt_long",
    "SHOW_HISTORY": True,
    # The blue of the site's other pages (static/css/variables.css), from light to dark.
    "COLORS": {
        "primary": {
            "50": "#eef5fc",
            "100": "#dceafa",
            "200": "#bcd8f5",
            "300": "#a5ccf7",
            "400": "#8ec1f5",
            "500": "#2f6fb0",
            "600": "#174a7e",
            "700": "#143f6b",
            "800": "#10304f",
            "900": "#0c2540",
            "950": "#081829",
        }
    },
    "STYLES": [lambda request: static("css/admin.css")],
    "ACCOUNT": {
        "navigation": [
            {"title": "Sessions", "link": reverse_lazy("admin-sessions")},
            {"title": "Second factor", "link": reverse_lazy("second-factor")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ]
    },
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "possys.home.dashboard",
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": "possys.accounts.admin.navigation"},
}

# --- Celery: ticks only, never a sale --------------------------------------------------------------------------
FLUSH_GROUPS = env.int("FLUSH_GROUPS", default=2)
# Groups of shards that feed services at the same time; each keeps one process of the feed's queue busy.
FEED_GROUPS = env.int("FEED_GROUPS", default=1)
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = TIME_ZONE
# Each queue's workers have a database role of their own (ledger/roles.py).
CELERY_TASK_ROUTES = {
    "ledger.tasks.flush_group": {"queue": "flush"},
    # Only the flush's role can have days made.
    "ledger.tasks.make_days": {"queue": "flush"},
    # Services' work on the ledger's blocks keeps no repairing tick waiting.
    "ledger.tasks.feed_group": {"queue": "feed"},
    "analytics.*": {"queue": "feed"},
    "accounting.*": {"queue": "feed"},
    "warehouse.*": {"queue": "feed"},
    "fleet.*": {"queue": "feed"},
    "findings.*": {"queue": "feed"},
    "audit.*": {"queue": "feed"},
    # The processes of this queue have the log's key, and no other has.
    "ledger.tasks.run_checkpointer": {"queue": "log"},
    # Held against what the checkpointer keeps outside the database.
    "ledger.tasks.check_sample": {"queue": "log"},
    # A mail server that does not answer keeps no other tick waiting.
    "receipts.watches.tasks.*": {"queue": "mail"},
    "portal.tasks.*": {"queue": "mail"},
    "lottery.messages.tasks.*": {"queue": "mail"},
    "lottery.*": {"queue": "feed"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "purge-attempts": {
        "task": "possys.accounts.tasks.purge_attempts",
        "schedule": timedelta(hours=24),
        "options": {"expires": 3600},
    },
    "repair-flush": {"task": "ledger.tasks.repair_flush", "schedule": timedelta(seconds=5), "options": {"expires": 5}},
    "repair-checkpointer": {
        "task": "ledger.tasks.repair_checkpointer",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    "repair-feed": {"task": "ledger.tasks.repair_feed", "schedule": timedelta(seconds=5), "options": {"expires": 5}},
    "load-pending": {
        "task": "transactions.tasks.load_pending",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    "announce-outage": {
        "task": "transactions.tasks.announce_outage",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    },
    "check-sample": {
        "task": "ledger.tasks.check_sample",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 60},
    },
    "purge-cases": {
        "task": "receipts.cases.tasks.purge_cases",
        "schedule": timedelta(hours=24),
        "options": {"expires": 3600},
    },
    "clear-sessions": {
        "task": "possys.tasks.clear_sessions",
        "schedule": crontab(hour=3, minute=50),
        "options": {"expires": 3600},
    },
    "make-days": {"task": "ledger.tasks.make_days", "schedule": timedelta(hours=1), "options": {"expires": 3600}},
    "send-mails": {
        "task": "receipts.watches.tasks.send_mails",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    "look-for-corrections": {
        "task": "receipts.watches.tasks.look_for_corrections",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    "look-for-all-corrections": {
        "task": "receipts.watches.tasks.look_for_all_corrections",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 600},
    },
    "purge-watches": {
        "task": "receipts.watches.tasks.purge_watches",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "advance-draws": {
        "task": "lottery.draws.tasks.advance_draws",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "collect-tagged-sales": {
        "task": "lottery.entries.tasks.collect_tagged_sales",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "delete-players-data": {
        "task": "lottery.players.tasks.delete_personal_data",
        "schedule": timedelta(hours=24),
        "options": {"expires": 3600},
    },
    "send-lottery-mails": {
        "task": "lottery.messages.tasks.send_mails",
        "schedule": timedelta(seconds=3),
        "options": {"expires": 3},
    },
    "send-lottery-text-messages": {
        "task": "lottery.messages.tasks.send_text_messages",
        "schedule": timedelta(seconds=3),
        "options": {"expires": 3},
    },
    "keep-lottery-deadlines": {
        "task": "lottery.prizes.tasks.keep_deadlines",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "erase-lottery-payees": {
        "task": "lottery.prizes.tasks.erase_paid",
        "schedule": timedelta(hours=24),
        "options": {"expires": 3600},
    },
    "count-pairs": {
        "task": "analytics.pairs.tasks.count_pairs",
        # At night, by the site's clock: it reads a quarter's sales.
        "schedule": crontab(hour=2, minute=40),
        "options": {"expires": 3600},
    },
    "look-for-abuse": {
        "task": "lottery.review.tasks.look_for_abuse",
        # At night, by the site's clock: it adds up every receipt of the open draws.
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 3600},
    },
    "close-fiscal-days": {
        "task": "accounting.days.tasks.close_due_days",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 300},
    },
    "count-classes": {
        "task": "warehouse.orders.tasks.count_classes",
        # At night, by the site's clock. The other times go on with what was killed, and find nothing to do otherwise.
        "schedule": crontab(hour="1,7,13,19", minute=10),
        "options": {"expires": 3600},
    },
    "recompute-costs": {
        "task": "warehouse.stock.tasks.recompute_costs",
        # At night, by the site's clock: late sales change what was there before a delivery.
        "schedule": crontab(hour=2, minute=40),
        "options": {"expires": 3600},
    },
    "start-forecasts": {
        "task": "warehouse.demand.tasks.start_forecasts",
        # At night, by the site's clock: it reads a year's sales of every retailer.
        "schedule": crontab(hour=4, minute=10),
        "options": {"expires": 3600},
    },
    "resume-forecasts": {
        "task": "warehouse.demand.tasks.resume_forecasts",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 300},
    },
    "judge-findings": {
        "task": "findings.tasks.judge_findings",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "fold-minutes": {
        "task": "status.tasks.fold_minutes",
        "schedule": timedelta(seconds=20),
        "options": {"expires": 20},
    },
    "count-terminals": {
        "task": "status.tasks.count_terminals",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 300},
    },
    "purge-status": {
        "task": "status.tasks.purge_minutes",
        "schedule": timedelta(hours=24),
        "options": {"expires": 3600},
    },
    "resume-imports": {
        "task": "fleet.tasks.resume_imports",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    "purge-imports": {
        "task": "fleet.tasks.purge_imports",
        "schedule": timedelta(hours=24),
        "options": {"expires": 3600},
    },
    "publish-acts": {
        "task": "audit.tasks.publish_acts",
        # Until then nothing but the database's own rules vouches for the newest acts.
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    "check-acts": {
        "task": "audit.tasks.check_acts",
        # At night, by the site's clock: it reads every act there is.
        "schedule": crontab(hour=1, minute=30),
        "options": {"expires": 3600},
    },
    "publish-peers": {
        "task": "analytics.peers.tasks.publish_peers",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
}

# --- Logs --------------------------------------------------------------------------------------------------------
# "json" for programs that collect lines, "text" for people (possys/logs.py).
LOG_FORMAT = env.str("LOG_FORMAT", default="text" if LOCAL_WORK else "json")
LOGGING = logs.configuration(LOG_FORMAT, env.str("LOG_LEVEL", default="INFO"))
