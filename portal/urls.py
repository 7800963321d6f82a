"""Addresses of the portal; services add theirs below `portal/<int:retailer>/` in possys/urls.py."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import path

from portal import people, second_factor, sign_in, views
from portal.http import with_headers
from portal.keys import views as keys
from possys.accounts.limits import limits_said


def page(view: type) -> Callable[..., HttpResponse]:
    """One of Django's views, with the portal's headers and limits; the admin's sign-in is one, too."""
    return with_headers(limits_said(view.as_view()))  # type: ignore[attr-defined]


urlpatterns = [
    path("", views.start, name="portal-start"),
    path("login/", page(sign_in.SignInView), name="portal-login"),
    path("logout/", page(sign_in.SignOutView), name="portal-logout"),
    path("password/", page(sign_in.PasswordChangeView), name="portal-password"),
    path("password/reset/", page(sign_in.ResetView), name="portal-password-reset"),
    path("password/reset/sent/", page(sign_in.ResetSentView), name="portal-password-sent"),
    path("password/set/<uidb64>/<token>/", page(sign_in.SetPasswordView), name="portal-password-set"),
    path("password/done/", page(sign_in.PasswordDoneView), name="portal-password-done"),
    path("second-factor/mail/", second_factor.mail_link, name="portal-second-factor-mail"),
    path("retailers/", views.retailers, name="portal-retailers"),
    path("<int:retailer>/", views.home, name="portal-home"),
    path("<int:retailer>/people/", people.people, name="portal-people"),
    path("<int:retailer>/people/invite/", people.invite, name="portal-invite"),
    path("<int:retailer>/people/<int:membership>/", people.member, name="portal-member"),
    path("<int:retailer>/people/<int:membership>/remove/", people.remove, name="portal-remove"),
    path("<int:retailer>/people/rule/", second_factor.rule, name="portal-second-factor-rule"),
    path("<int:retailer>/keys/", keys.keys, name="portal-keys"),
    path("<int:retailer>/keys/new/", keys.new_key, name="portal-key-new"),
    path("<int:retailer>/keys/<int:key>/revoke/", keys.revoke, name="portal-key-revoke"),
]
