"""The address that an authenticator app reads from a QR code (Google Authenticator's "Key Uri Format")."""

import base64
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings

from possys.accounts.models import DIGITS, STEP_S, User

ISSUER = "Possys"


def address(user: User, key: bytes) -> str:
    """`otpauth://totp/Possys (host):name?secret=...`; the host tells deployments apart in a person's list."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    issuer = f"{ISSUER} {host}".replace(":", "")
    asked = urlencode(
        {"secret": base64.b32encode(key).decode(), "issuer": issuer, "digits": DIGITS, "period": STEP_S},
        quote_via=quote,
    )
    return f"otpauth://totp/{quote(f'{issuer}:{user.get_username()}')}?{asked}"
