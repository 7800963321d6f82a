"""The product's addresses and those of what it is compared with; the first two reach the tills' own handler."""

from django.urls import path

from benchmarks import bare
from benchmarks.textbook.views import SaleView
from possys import urls

handler400, handler500 = urls.handler400, urls.handler500
urlpatterns = [
    path("api/v1/transactions/bare", bare.take_sale),
    path("api/v1/transactions/nothing", bare.nothing),
    path("textbook/sales/", SaleView.as_view()),
    *urls.urlpatterns,
]
