"""Addresses for tills, below `api/v1/`."""

from django.urls import path

from accounting.days.api import TillTotalsView

urlpatterns = [path("till-totals", TillTotalsView.as_view(), name="till-totals")]
