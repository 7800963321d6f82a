"""Every address of the site; each app brings its own."""

import sys

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.negotiation import DefaultContentNegotiation

from possys import away, home, problems, search
from possys.accounts import session_views
from possys.database.faults import is_away
from possys.health import healthz, readyz
from possys.metrics import metrics

urlpatterns = [
    path("admin/home/", admin.site.admin_view(home.changing_part), name="admin-home-part"),
    path("admin/find/", admin.site.admin_view(search.find), name="admin-find"),
    # In the place of unfold's own (possys/search.py says why).
    path("admin/search/", admin.site.admin_view(search.palette)),
    path("admin/sessions/", admin.site.admin_view(session_views.staff), name="admin-sessions"),
    path("admin/", admin.site.urls),
    path("status/", include("status.urls")),
    path("account/", include("possys.accounts.urls")),
    path("api/v1/", include("transactions.urls")),
    path("api/v1/", include("receipts.api_urls")),
    path("api/v1/", include("ledger.api_urls")),
    path("api/v1/", include("status.api_urls")),
    path("api/v1/retailers/<int:retailer>/books/", include("accounting.api_urls")),
    path("api/v1/retailers/<int:retailer>/stock/", include("warehouse.api_urls")),
    path("api/v1/retailers/<int:retailer>/findings/", include("findings.api_urls")),
    path("api/v1/retailers/<int:retailer>/tills/", include("fleet.api_urls")),
    path("api/v1/", include("accounting.till_urls")),
    path("api/schema/", SpectacularAPIView.as_view(content_negotiation_class=DefaultContentNegotiation), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
    # Whatever a program sends to a wrong address, its answer is not the page that asks a browser for its token.
    re_path(r"^api/", csrf_exempt(problems.not_found), {"exception": None}),
    path("metrics", metrics, name="metrics"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("log/", include("ledger.urls")),
    path("portal/", include("portal.urls")),
    path("portal/<int:retailer>/sales/", include("analytics.urls")),
    path("portal/<int:retailer>/books/", include("accounting.urls")),
    path("portal/<int:retailer>/stock/", include("warehouse.urls")),
    path("portal/<int:retailer>/findings/", include("findings.urls")),
    path("portal/<int:retailer>/tills/", include("fleet.urls")),
    path("lottery/", include("lottery.urls")),
    path("", include("lottery.entries.enter_urls")),
    path("", include("transactions.enrolment.urls")),
    path("", include("receipts.urls")),
]


def handler500(request: HttpRequest) -> HttpResponse:
    """A problem document for programs, a page for people; Django calls it while it handles the fault."""
    if is_away(sys.exception()):
        return away.answer(request)
    return problems.server_error(request) if request.path.startswith("/api/") else defaults.server_error(request)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A problem document for programs, a page for people."""
    if request.path.startswith("/api/"):
        return problems.bad_request(request, exception)
    return defaults.bad_request(request, exception)
