"""The textbook app; installed by benchmarks/settings.py alone."""

from django.apps import AppConfig


class TextbookConfig(AppConfig):
    name = "benchmarks.textbook"
    default_auto_field = "django.db.models.BigAutoField"
