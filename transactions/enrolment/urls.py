"""The address in an enrolment code's QR code."""

from django.urls import re_path

from transactions.enrolment import views

urlpatterns = [re_path(r"^[Ee]/(?P<code>[0-9A-Za-z-]{1,40})$", views.scanned, name="enrolment-code")]
