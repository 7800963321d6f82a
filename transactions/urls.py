"""Addresses of the till's endpoints."""

from django.urls import path

from transactions import api, copies_api
from transactions.enrolment import api as enrolment

urlpatterns = [
    path("transactions", api.TransactionView.as_view(), name="transactions"),
    path("transactions/batch", api.TransactionBatchView.as_view(), name="transactions-batch"),
    path("enrolments", enrolment.EnrolmentsView.as_view(), name="enrolments"),
    path("credentials", enrolment.CredentialsView.as_view(), name="credentials"),
    path("terminal", enrolment.TerminalView.as_view(), name="terminal"),
    path("receipts/<str:code>/copies", copies_api.CopiesView.as_view(), name="receipt-copies"),
    path("transactions/<int:terminal>/<int:sequence>", api.LostAnswerView.as_view(), name="lost-answer"),
]
