"""The same capture in a bare Django view, and a view that does nothing: what the framework around capture costs."""

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

from possys import clock
from transactions.answers import Accepted
from transactions.api import ENCODER
from transactions.authentication import SCHEME, BadTokenError, verify
from transactions.parsing import read_body
from transactions.sale import SALE_BYTES_MAX
from transactions.service import capture


def take_sale(request: WSGIRequest) -> HttpResponse:
    """Takes one sale with the product's own checks and nothing of Django REST framework."""
    try:
        credential = verify(request.META.get("HTTP_AUTHORIZATION", "")[len(SCHEME) :])
    except BadTokenError:
        return HttpResponse(status=401)
    body = read_body(request, SALE_BYTES_MAX)
    answer = capture().take([body], credential, clock.now_ms())[0]
    status = 201 if isinstance(answer, Accepted) else answer.status
    encoded = ENCODER.encode(answer)
    headers = {"Content-Length": str(len(encoded))}
    return HttpResponse(encoded, status=status, content_type="application/json", headers=headers)


def nothing(request: WSGIRequest) -> HttpResponse:
    """Reads the body and answers at once: the server's and Django's own cost."""
    request.read()
    return HttpResponse(b"{}", status=201, content_type="application/json", headers={"Content-Length": "2"})
