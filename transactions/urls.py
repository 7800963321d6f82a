"""Addresses of the till's endpoints."""

from django.urls import path

from transactions import api

urlpatterns = [
    path("transactions", api.TransactionView.as_view(), name="transactions"),
    path("transactions/batch", api.TransactionBatchView.as_view(), name="transactions-batch"),
    path("transactions/<int:terminal>/<int:sequence>", api.LostAnswerView.as_view(), name="lost-answer"),
]
