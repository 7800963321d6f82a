"""Addresses of this part's pages."""

from django.urls import URLPattern, path

from lottery.prizes import views

urlpatterns: list[URLPattern] = [
    path("claims/<uuid:win>", views.claim, name="lottery-claim"),
]
