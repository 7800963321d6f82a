"""Who may watch: Prometheus and people with METRICS_TOKEN read the metrics, and /readyz tells them more."""

from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest


def may_watch(request: HttpRequest) -> bool:
    """Whether the request comes with METRICS_TOKEN; where no token is set, in local work only."""
    if not settings.METRICS_TOKEN:
        return bool(settings.LOCAL_WORK)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
