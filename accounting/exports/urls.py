"""Addresses of the files themselves, beside those of the declared pages."""

from django.urls import path

from accounting.exports import api, views

urlpatterns = [
    path("saf-t.xml", views.saf_t_file, name="books-saf-t"),
    path("dsfinvk.zip", views.dsfinvk_file, name="books-dsfinvk"),
]
api_urlpatterns = [
    path("saf-t", api.SafTView.as_view(), name="books-saf-t-api"),
    path("dsfinvk", api.DsfinvkView.as_view(), name="books-dsfinvk-api"),
]
