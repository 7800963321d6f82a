"""Registers the retailers' portal."""

from typing import Any

from django.apps import AppConfig
from django.contrib import admin


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from portal.queries import must_have_second_factor, retailers_names
        from portal.sign_in import PasswordChangeView, SignOutView, StaffSignInView
        from portal.urls import page
        from possys.accounts import passwords, second_factor

        second_factor.add_rule(must_have_second_factor)
        passwords.add_words(retailers_names)
        site: Any = admin.site
        site.sign_in, site.sign_out = page(StaffSignInView), page(SignOutView)
        site.new_password = page(PasswordChangeView)
