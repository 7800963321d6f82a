"""Registers the findings: what is odd about a till, and what people said about it."""

from django.apps import AppConfig


class FindingsConfig(AppConfig):
    name = "findings"
