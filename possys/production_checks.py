"""System checks of settings that production must not run with: `manage.py check --deploy`, and each server's start.

Errors keep gunicorn and Celery from starting (possys/startup.py), so an error is only what a setting alone says. What
is away for a while, a disk or a server, is a warning at most: sales are taken without it. docs/deployment.md lists all.
"""

import ipaddress
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

HSTS_YEAR_S = 365 * 24 * 60 * 60
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", "testserver"})
ENCRYPTED_DATABASE = frozenset({"require", "verify-ca", "verify-full"})
# Anybody in group or world who may read a file: root's group is asked for by nobody else.
OTHERS_MAY_READ = 0o004
# Backends that print, keep or drop mails instead of sending them.
UNSENT = frozenset({"console", "dummy", "filebased", "locmem"})


@register(Tags.security, deploy=True)
def local_work_is_off(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """Debug pages show the program's insides, and the demo's logins are anybody's."""
    for name in ("DEBUG", "DEMO"):
        if getattr(settings, name):
            yield Error(f"{name} is on.", hint=f"Take {name} out of the environment.", id="possys.E010")


@register(Tags.security)
def the_demo_stays_at_home(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """Looked at by every command and server: whoever starts production with DEMO by mistake has skipped all else."""
    site = urlsplit(settings.SITE_URL)
    if (settings.DEBUG or settings.DEMO) and site.scheme == "https" and not is_near(site.hostname or ""):
        yield Error(
            f"DEBUG or DEMO is on, and {settings.SITE_URL} is no address of one desk.",
            hint="Take DEBUG and DEMO out of the environment; a demo for others runs on a host's private address.",
            id="possys.E011",
        )


@register(Tags.security, deploy=True)
def hosts_are_named(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """A host that anybody may invent gets into links in mails; the site's own must be among those that are served."""
    hosts, own = settings.ALLOWED_HOSTS, urlsplit(settings.SITE_URL).hostname or ""
    hint = "ALLOWED_HOSTS=receipts.example, every name under which the site is reached, with commas between."
    if any(host.startswith("*") for host in hosts):
        yield Error("ALLOWED_HOSTS lets any host in.", hint=hint, id="possys.E012")
    elif not set(hosts) - LOCAL_NAMES:
        yield Error("ALLOWED_HOSTS names no host but this machine.", hint=hint, id="possys.E012")
    elif own not in hosts and not any(host.startswith(".") and own.endswith(host) for host in hosts):
        yield Error(f"ALLOWED_HOSTS lacks {own}, the host of SITE_URL.", hint=hint, id="possys.E012")


@register(Tags.security, deploy=True)
def the_site_is_encrypted(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """QR codes on paper begin with SITE_URL, and cookies are kept to TLS by it."""
    site = urlsplit(settings.SITE_URL)
    if site.scheme != "https" or not site.hostname or site.path or site.query or site.username:
        yield Error(
            f"SITE_URL is {settings.SITE_URL}; it must be https:// and a host, with nothing behind it.",
            hint="SITE_URL=https://receipts.example",
            id="possys.E013",
        )


@register(Tags.security, deploy=True)
def cookies_are_secure(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """A cookie that travels unencrypted, or that scripts can read, is somebody else's session."""
    wanted = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY")
    if off := [name for name in wanted if not getattr(settings, name)]:
        hint = "They follow SITE_URL, which must be https://; nothing may set them otherwise."
        yield Error(f"{', '.join(off)} must be on.", hint=hint, id="possys.E014")


@register(Tags.security, deploy=True)
def browsers_stay_encrypted(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """Without HSTS the first request of each visit can be had in clear text."""
    hint = f"SECURE_HSTS_SECONDS={HSTS_YEAR_S}, the same as in deploy/nginx/possys.conf."
    if settings.SECURE_HSTS_SECONDS <= 0:
        yield Error("SECURE_HSTS_SECONDS is 0: browsers may come without TLS.", hint=hint, id="possys.E015")
    elif settings.SECURE_HSTS_SECONDS < HSTS_YEAR_S:
        yield Warning("SECURE_HSTS_SECONDS is less than a year.", hint=hint, id="possys.W016")


@register(Tags.security, deploy=True)
def proxies_fit_together(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """Whether a request came by TLS, and from whom, is told by the proxy, or by nobody."""
    told, proxies = bool(settings.SECURE_PROXY_SSL_HEADER), settings.PROXIES
    if told and proxies == 0:
        yield Error(
            "BEHIND_TLS_PROXY is on and PROXIES is 0: X-Forwarded-Proto is believed, and no proxy writes it.",
            hint="PROXIES=1 behind nginx, 2 with a balancer before it.",
            id="possys.E017",
        )
    if proxies and not told:
        endless = settings.SECURE_SSL_REDIRECT
        what = "each request is sent to https:// again, without end" if endless else "every request looks unencrypted"
        yield Error(
            f"PROXIES is {proxies} and BEHIND_TLS_PROXY is off: {what}.",
            hint="BEHIND_TLS_PROXY=true; the proxy sets X-Forwarded-Proto (deploy/nginx/possys.conf does).",
            id="possys.E018",
        )
    if not 0 <= proxies <= 5:
        yield Error(f"PROXIES is {proxies}.", hint="How many of your proxies a request passes.", id="possys.E019")


@register(Tags.security, deploy=True)
def origins_are_own(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """Pages of a trusted origin may send forms here with a person's session."""
    hosts = [host.removeprefix(".") for host in settings.ALLOWED_HOSTS]
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        parts = urlsplit(origin)
        is_own = any(f".{parts.hostname}".endswith(f".{host}") for host in hosts)
        if parts.scheme != "https" or "*" in origin or not is_own:
            yield Error(
                f"CSRF_TRUSTED_ORIGINS trusts {origin}, which is not https:// and one of ALLOWED_HOSTS.",
                hint="Leave it out: the site's own pages need no entry.",
                id="possys.E020",
            )


@register(Tags.security, deploy=True)
def pages_run_no_foreign_script(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """What gets into a page past the templates must not run there."""
    policy: Any = getattr(settings, "CONTENT_SECURITY_POLICY", None)
    directives = (policy or {}).get("DIRECTIVES", {})
    scripts = directives.get("script-src", directives.get("default-src", []))
    if not policy or not scripts:
        yield Error("There is no CONTENT_SECURITY_POLICY.", hint="possys/settings.py has it.", id="possys.E021")
    elif unsafe := [one for one in scripts if "unsafe" in one or one in {"*", "https:", "data:"}]:
        hint = "Scripts are files of this site."
        yield Error(f"The policy lets {', '.join(unsafe)} scripts run.", hint=hint, id="possys.E021")


@register(Tags.security, deploy=True)
def servers_are_apart(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """A cache that fills its memory, or FLUSHALL on the broker, must not reach sales that wait."""
    stores = [server_of(url) for url in settings.REDIS_URL.split(",")]
    for name in ("BROKER_URL", "CACHE_URL"):
        if server_of(getattr(settings, name)) in stores:
            hint = "Another database of one server is not enough: memory and settings are the server's."
            yield Error(f"{name} is a server of REDIS_URL, the capture store.", hint=hint, id="possys.E023")
    if len(set(stores)) < len(stores):
        yield Error("REDIS_URL names one server twice.", hint="A server for each run of shards.", id="possys.E024")


@register(Tags.security, deploy=True)
def lines_are_encrypted(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """What travels to another machine in clear text can be read and changed on the way."""
    database = settings.DATABASES["default"]
    host, mode = database.get("HOST") or "", database.get("OPTIONS", {}).get("sslmode", "")
    if not is_this_machine(host) and mode not in ENCRYPTED_DATABASE:
        hint = "DATABASE_URL=postgres://...?sslmode=verify-full&sslrootcert=/etc/possys/database-ca.pem"
        yield Warning(f"The line to the database at {host} may be in clear text.", hint=hint, id="possys.W025")
    for name in ("REDIS_URL", "BROKER_URL", "CACHE_URL"):
        for url in getattr(settings, name).split(","):
            where = urlsplit(url)
            if where.scheme == "redis" and not is_this_machine(where.hostname or ""):
                hint = "rediss://, or a network of its own that is encrypted (WireGuard); docs/deployment.md."
                what = f"The line to {name} at {where.hostname} is in clear text."
                yield Warning(what, hint=hint, id="possys.W026")


@register(Tags.security, deploy=True)
def mails_leave_encrypted(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """Links in mails sign people in; a sender at localhost is refused everywhere."""
    if not settings.EMAIL_URL:
        return
    hint = "EMAIL_URL=smtp+tls://user:password@mail.internal:587, DEFAULT_FROM_EMAIL=receipts@receipts.example"
    if settings.EMAIL_BACKEND.split(".")[-2] in UNSENT:
        yield Error("EMAIL_URL sends no mails.", hint=hint, id="possys.E027")
    elif not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or is_this_machine(settings.EMAIL_HOST)):
        yield Warning(f"Mails go to {settings.EMAIL_HOST} in clear text.", hint=hint, id="possys.W028")
    if settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ") in LOCAL_NAMES:
        yield Error(f"Mails come from {settings.DEFAULT_FROM_EMAIL}.", hint=hint, id="possys.E029")


@register(Tags.security, deploy=True)
def the_country_has_a_time(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """Staff's and retailers' days begin and end by it."""
    if settings.TIME_ZONE in {"UTC", "Etc/UTC"}:
        hint = "TIME_ZONE=Europe/Prague, or Atlantic/Reykjavik for a country that has the same time."
        yield Warning("TIME_ZONE is UTC, which no country calls its own.", hint=hint, id="possys.W030")


@register(Tags.security, deploy=True)
def files_are_where_they_must_be(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """What the checkpointer keeps outlives a release's folder, and archived days are there to be read."""
    if settings.LOG_KEY or settings.LOG_KEY_FILE:
        state = Path(settings.LOG_STATE_FILE)
        hint = "LOG_STATE_FILE=/var/lib/possys/log/state.json, in a folder of the checkpointer's own."
        if state.is_relative_to(settings.BASE_DIR):
            yield Error("LOG_STATE_FILE lies in the program's own folder.", hint=hint, id="possys.E031")
        elif not os.access(state if state.exists() else state.parent, os.W_OK):
            yield Warning(f"LOG_STATE_FILE: {state} cannot be written.", hint=hint, id="possys.W032")
        if settings.LOG_KEY_FILE and not os.access(settings.LOG_KEY_FILE, os.R_OK):
            what = f"LOG_KEY_FILE: {settings.LOG_KEY_FILE} cannot be read."
            yield Warning(what, hint="Nothing is signed meanwhile.", id="possys.W033")
    archive = Path(settings.ARCHIVE_DIR)
    hint = "ARCHIVE_DIR=/var/lib/possys/archive; customers of archived days get 503 without it."
    if archive.is_relative_to(settings.BASE_DIR):
        yield Error("ARCHIVE_DIR lies in the program's own folder.", hint=hint, id="possys.E034")
    elif not os.access(archive, os.R_OK | os.X_OK) or not archive.is_dir():
        yield Warning(f"ARCHIVE_DIR: {archive} cannot be read.", hint=hint, id="possys.W035")


@register(Tags.security, deploy=True)
def static_files_are_collected(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """Pages name their files by hashes; a release that has none of them answers with errors, and takes sales."""
    if not (settings.STATIC_NAMES / "staticfiles.json").exists():
        hint = "manage.py collectstatic --noinput, once for each release."
        yield Warning("The static files of this release are not collected.", hint=hint, id="possys.W037")


@register(Tags.security, deploy=True)
def secrets_files_are_closed(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterator[CheckMessage]:
    """A secret that every user of the machine may read is none."""
    for found in settings.SECRET_FILES:
        try:
            mode = found.path.stat().st_mode
        except OSError:
            continue
        if mode & OTHERS_MAY_READ:
            hint = f"chmod 640 {found.path}"
            yield Warning(f"{found.variable}: anybody may read {found.path}.", hint=hint, id="possys.W036")


def server_of(url: str) -> tuple[str, int]:
    """Which server an address of a Valkey or Redis leads to; this machine's names are one."""
    where = urlsplit(url)
    if where.scheme == "unix":
        return where.path, 0
    host = where.hostname or ""
    return ("localhost" if is_this_machine(host) else host), where.port or 6379


def is_this_machine(host: str) -> bool:
    """Whether nothing leaves this machine on the way there: a loopback address, a socket's folder, nothing at all."""
    if not host or host.startswith("/") or host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_near(host: str) -> bool:
    """Whether it is this machine, or an address that no one outside can reach."""
    try:
        return is_this_machine(host) or ipaddress.ip_address(host).is_private
    except ValueError:
        return False
