"""Addresses for people, below `portal/<int:retailer>/`."""

from portal.sheets.addresses import urls
from warehouse.service import SERVICE

urlpatterns = urls(SERVICE)
