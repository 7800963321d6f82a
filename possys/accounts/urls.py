"""Addresses of everybody's own sign-in, staff's and retailers' people's alike."""

from django.urls import path

from possys.accounts import session_views, views
from possys.accounts.password_views import PasswordLinkView

urlpatterns = [
    path("sessions/", session_views.own, name="sessions"),
    path("password/<uidb64>/<token>/", PasswordLinkView.as_view(), name="password-link"),
    path("second-factor/", views.overview, name="second-factor"),
    path("second-factor/code/", views.code, name="second-factor-code"),
    path("second-factor/enrol/", views.enrol, name="second-factor-enrol"),
    path("second-factor/link/<uid>/<token>/", views.link, name="second-factor-link"),
    path("second-factor/codes/", views.renew, name="second-factor-codes"),
    path("second-factor/remove/", views.remove, name="second-factor-remove"),
]
