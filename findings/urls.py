"""Addresses for people, below `portal/<int:retailer>/findings/`."""

from findings.sheets import SERVICE
from portal.sheets.addresses import urls

urlpatterns = urls(SERVICE)
