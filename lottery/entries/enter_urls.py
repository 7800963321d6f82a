"""The address below a receipt's link at which it is entered."""

from django.urls import re_path

from lottery.entries import views
from receipts.urls import EndingConverter

urlpatterns = [
    re_path(rf"^(?P<ending>{EndingConverter.regex})/lottery$", views.enter, name="lottery-enter"),
]
