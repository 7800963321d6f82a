"""Addresses for programs, below `api/v1/retailers/<int:retailer>/tills/`."""

from django.urls import path

from fleet.code_views import CodesView
from fleet.service import SERVICE
from fleet.store_away import for_programs
from portal.sheets.addresses import api_urls

urlpatterns = [
    *map(for_programs, api_urls(SERVICE)),
    path("codes", CodesView.as_view(), name="tills-codes-api"),
]
