"""Registers the accounts app, and the site of the admin in unfold's place."""

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin import sites


class AccountsConfig(AppConfig):
    name = "possys.accounts"
    label = "accounts"

    def ready(self) -> None:
        from possys.accounts import checks, session_list, sessions, sign_in_lines  # noqa: F401 - registers the checks

        sessions.listen()
        session_list.listen()
        sign_in_lines.listen()


class AdminConfig(AppConfig):
    """unfold's templates and static files, with the admin's site that is ours; before django.contrib.admin."""

    name = "unfold"
    default = False

    def ready(self) -> None:
        """As unfold's own does it."""
        from possys.accounts.site import AdminSite

        site = AdminSite()
        admin.site = site
        sites.site = site
