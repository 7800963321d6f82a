"""Addresses of the dashboards, below `portal/<int:retailer>/sales/`."""

from django.urls import path

from analytics import views
from analytics.sheets import SHEETS

urlpatterns = [
    path("" if key == "overview" else f"{key}/", views.sheet, {"key": key}, name=sheet.url_name)
    for key, sheet in SHEETS.items()
] + [
    path("receipts/", views.receipt_list, name="sales-receipts"),
    path("definitions/", views.definitions, name="sales-definitions"),
]
