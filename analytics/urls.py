"""Addresses of the dashboards, below `portal/<int:retailer>/sales/`."""

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from analytics import views
from analytics.sheets import RECEIPTS, SHEETS


class FormConverter(StringConverter):
    """A kind of file."""

    regex = "csv|xlsx"


register_converter(FormConverter, "form")


def _pages() -> list[URLPattern]:
    patterns = []
    for key, sheet in SHEETS.items():
        place = "" if key == "overview" else f"{key}/"
        patterns += [
            path(place, views.sheet, {"key": key}, name=sheet.url_name),
            path(f"{key}.<form:form>", views.sheet_file, {"key": key}, name=f"{sheet.url_name}-file"),
        ]
    return patterns


urlpatterns = [
    *_pages(),
    path(f"{RECEIPTS}/", views.receipt_list, name="sales-receipts"),
    path(f"{RECEIPTS}.<form:form>", views.receipt_file, name="sales-receipts-file"),
    path("definitions/", views.definitions, name="sales-definitions"),
]
