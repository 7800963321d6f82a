"""Registers the enrolment of tills in bulk and what retailers do about their own."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    name = "fleet"
