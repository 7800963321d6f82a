"""Addresses of the customer's site."""

from django.urls import include, path, re_path, register_converter

from possys.links import LINKED_LENGTH
from receipts import proofs, views
from receipts.offline_address import ADDRESS_LENGTH_MAX


class EndingConverter:
    """The end of a receipt's link: the code's symbols and the key's, in whatever capitals a scanner leaves them."""

    regex = f"[0-9A-Za-z]{{{LINKED_LENGTH}}}"

    def to_python(self, value: str) -> str:
        """In capitals, as it is printed."""
        return value.upper()

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(EndingConverter, "ending")

urlpatterns = [
    path("", views.find, name="find"),
    path("r/", views.typed, name="typed"),
    path("r/<str:code>", views.receipt, name="receipt"),
    path("<ending:ending>", views.linked, name="linked"),
    path("<ending:ending>/proof", proofs.proof, name="receipt-proof"),
    re_path(rf"^[Oo]/(?P<text>[^/]{{1,{ADDRESS_LENGTH_MAX}}})$", views.offline, name="offline"),
    path("", include("receipts.paper.urls")),
    path("", include("receipts.search.urls")),
    path("", include("receipts.cases.urls")),
    path("", include("receipts.watches.urls")),
    path("robots.txt", views.robots, name="robots"),
]
