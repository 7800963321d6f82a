"""Addresses of this part's pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
