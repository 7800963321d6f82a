"""Addresses of the receipt on paper, below the receipt's own."""

from django.urls import path

from receipts.paper import views

urlpatterns = [
    path("<str:ending>/qr.svg", views.qr, name="receipt-qr"),
    path("<str:ending>/qr.bin", views.printer, name="receipt-printer"),
    path("<str:ending>/receipt.pdf", views.pdf, name="receipt-pdf"),
]
