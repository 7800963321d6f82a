"""Addresses of the customers' reports."""

from django.urls import path

from receipts.cases import views

urlpatterns = [
    path("report/", views.report, name="report"),
    path("report/<str:number>/<str:secret>", views.case, name="case"),
]
