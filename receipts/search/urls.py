"""The address of the search without a code."""

from django.urls import path

from receipts.search.views import without_code

urlpatterns = [path("search/", without_code, name="search")]
