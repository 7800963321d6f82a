"""Addresses for people, below `portal/<int:retailer>/`."""

from accounting.exports.urls import urlpatterns as files
from accounting.service import SERVICE
from portal.sheets.addresses import urls

urlpatterns = [*urls(SERVICE), *files]
