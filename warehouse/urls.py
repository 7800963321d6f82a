"""Addresses for people, below `portal/<int:retailer>/`."""

from django.urls import path

from portal.sheets.addresses import urls
from warehouse.service import SERVICE
from warehouse.stock.count_list import count_csv

urlpatterns = [*urls(SERVICE), path("count.csv", count_csv, name="stock-count-csv")]
