"""The site with the tests' service."""

from django.urls import include, path

from portal.sheets.addresses import api_urls, urls
from portal.sheets.tests.example import SERVICE

urlpatterns = [
    path("portal/<int:retailer>/example/", include(urls(SERVICE))),
    path("api/v1/retailers/<int:retailer>/example/", include(api_urls(SERVICE))),
    path("", include("possys.urls")),
]
