"""Where the status page's JSON is."""

from django.urls import path

from status.api import StatusView

urlpatterns = [path("status", StatusView.as_view(), name="status-api")]
