"""What Django's debug pages and reports of errors may show: no secret, wherever in a value it stands."""

import re
from pprint import pformat
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

# Values shorter than this are no secrets of production (the checks refuse them), and would blank out half a page.
SECRET_LENGTH_MIN = 8
# Which settings hold secrets; of addresses, the password in them is looked for, too.
SECRET_SETTINGS = (
    "SECRET_KEY",
    "SECOND_FACTOR_KEY",
    "TERMINAL_KEY",
    "CODE_KEYS",
    "TEST_CODE_KEYS",
    "LOG_KEY",
    "METRICS_TOKEN",
    "SMS_TOKEN",
)
ADDRESS_SETTINGS = ("REDIS_URL", "BROKER_URL", "CACHE_URL", "EMAIL_URL")
PASSWORD = re.compile(r"://[^:/?#]*:([^@/?#]+)@")


class SecretsFilter(SafeExceptionReporterFilter):
    """Django's own filter hides settings by their names; this one hides addresses and every place of a secret, too.

    It works in debug mode as well, in which Django shows local variables as they are.
    """

    hidden_settings = re.compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|HTTP_COOKIE|_URL$|LOCATION", flags=re.IGNORECASE
    )

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: Any) -> Any:
        """The frame's local variables, each that holds a secret blanked out."""
        known = secret_values()
        return [
            (name, self.cleansed_substitute if holds(value, known) else value)
            for name, value in super().get_traceback_frame_variables(request, tb_frame)
        ]


def secret_values() -> set[str]:
    """Every secret of this process, by itself and as parts of lists and addresses."""
    found = {str(getattr(settings, name, "")) for name in (*SECRET_SETTINGS, *ADDRESS_SETTINGS)}
    found |= {part for value in found for part in value.replace("\n", ",").split(",")}
    # Of "version:first_day:key" the key alone is a secret.
    found |= {part.rsplit(":", 1)[-1] for part in settings.CODE_KEYS.split(",") + settings.TEST_CODE_KEYS.split(",")}
    found |= set(settings.SECRET_KEY_FALLBACKS)
    found |= {match for value in found for match in PASSWORD.findall(value)}
    found |= {str(database.get("PASSWORD") or "") for database in settings.DATABASES.values()}
    return {value for value in found if len(value) >= SECRET_LENGTH_MIN}


def holds(value: Any, known: set[str]) -> bool:
    """Whether a secret stands in the value, as a debug page would print it."""
    try:
        printed = value if isinstance(value, str) else pformat(value)
    # Whatever its repr raises, the page says so itself.
    except Exception:
        return False
    return any(secret in printed for secret in known)
