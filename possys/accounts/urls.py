"""Addresses of the second factor's pages, for staff and retailers' people alike."""

from django.urls import path

from possys.accounts import views

urlpatterns = [
    path("", views.overview, name="second-factor"),
    path("code/", views.code, name="second-factor-code"),
    path("enrol/", views.enrol, name="second-factor-enrol"),
    path("link/<uid>/<token>/", views.link, name="second-factor-link"),
    path("codes/", views.renew, name="second-factor-codes"),
    path("remove/", views.remove, name="second-factor-remove"),
]
