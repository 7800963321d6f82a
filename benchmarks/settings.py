"""The product's settings with the two things it is compared with added: a bare Django view and a textbook endpoint."""

from possys.settings import *  # noqa: F403
from possys.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework.authtoken", "benchmarks.textbook"]
ROOT_URLCONF = "benchmarks.urls"
# What `django-admin startproject` writes. Only the textbook endpoint passes it: tills go past any middleware.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
