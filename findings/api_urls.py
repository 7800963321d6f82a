"""Addresses for programs, below `api/v1/retailers/<int:retailer>/findings/`."""

from findings.sheets import SERVICE
from portal.sheets.addresses import api_urls

urlpatterns = api_urls(SERVICE)
