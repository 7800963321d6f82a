"""Django's messages for the next page, in a cookie that is bound to this host as all others are."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookieStorage(CookieStorage):
    """Django's, whose name no setting gives."""

    cookie_name = f"{settings.COOKIE_PREFIX}messages"


class MessageStore(FallbackStorage):
    """The cookie, and the session for what is too long for it."""

    storage_classes = (HostCookieStorage, SessionStorage)
