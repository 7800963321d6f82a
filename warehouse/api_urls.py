"""Addresses for programs, below `api/v1/retailers/<int:retailer>/`."""

from portal.sheets.addresses import api_urls
from warehouse.service import SERVICE

urlpatterns = api_urls(SERVICE)
