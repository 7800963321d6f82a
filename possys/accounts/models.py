"""The people who sign in: staff now, retailers' people with later services."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """The project's own user from its first migration on, because changing it later is expensive."""
