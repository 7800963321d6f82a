"""Addresses for programs, below `api/v1/retailers/<int:retailer>/`."""

from accounting.exports.urls import api_urlpatterns as files
from accounting.service import SERVICE
from portal.sheets.addresses import api_urls

urlpatterns = [*api_urls(SERVICE), *files]
