"""What a request that needs PostgreSQL is answered while it is away: 503, and when to come again."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from possys.problems import problem

RETRY_AFTER_S = 5
# Whose readers are staff and retailers.
ENGLISH_PAGES = ("/admin/", "/portal/", "/account/")


def answer(request: HttpRequest) -> HttpResponse:
    """A problem document for programs, a page for people; neither asks the database who it is for."""
    if request.path.startswith(("/api/", "/log/")):
        detail = f"The database does not answer. Ask again after {RETRY_AFTER_S} s."
        response = problem(503, "away", "Away for a moment", detail, retry_after_s=RETRY_AFTER_S)
    else:
        page = "accounts/away.html" if request.path.startswith(ENGLISH_PAGES) else "503.html"
        content = render_to_string(page, {"is_for_staff": request.path.startswith("/admin/")})
        response = HttpResponse(content, status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    response["Cache-Control"] = "no-store"
    return response
