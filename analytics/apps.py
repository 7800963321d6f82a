"""Registers the retailers' dashboards."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
