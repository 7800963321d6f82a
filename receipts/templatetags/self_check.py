"""`{% self_check code ending %}`: the part of a receipt's page in which it is checked."""

from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

from receipts.check_texts import TEXTS
from receipts.evidence import witness_keys

register = template.Library()


@register.inclusion_tag("receipts/_self_check.html")
def self_check(code: str, ending: str) -> dict[str, Any]:
    """No query: the proof and the log's keys are fetched when the button is pressed."""
    return {
        "code": code,
        "ending": ending,
        "address": _whole(reverse("linked", args=[ending])),
        "proof_address": _whole(reverse("api-receipt-proof", args=[ending])),
        "keys_address": _whole(reverse("api-log-keys")),
        "program_address": _whole(static("verify/possys_verify.py")),
        "witnesses": [(vkey.partition("+")[0], vkey) for vkey in witness_keys()],
        "texts": TEXTS,
    }


def _whole(address: str) -> str:
    """With the site before it, so that the links lead here from a saved page, too."""
    return str(settings.SITE_URL) + address
