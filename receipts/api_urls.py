"""Addresses of the customer's site."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
