"""Addresses of the customer's API."""

from django.urls import path

from receipts import api

urlpatterns = [
    path("receipts/<str:code>", api.ReceiptView.as_view(), name="api-receipt"),
    path("receipts/<str:code>/proof", api.ProofView.as_view(), name="api-receipt-proof"),
]
