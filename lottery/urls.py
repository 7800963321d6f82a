"""Addresses of the lottery's pages; those of each part are in its own folder."""

from django.urls import include, path

from lottery import views

urlpatterns = [
    path("", views.home, name="lottery-home"),
    path("draws/<int:number>/rules", views.rules, name="lottery-rules"),
    path("", include("lottery.draws.urls")),
    path("", include("lottery.players.urls")),
    path("", include("lottery.entries.urls")),
    path("", include("lottery.prizes.urls")),
]
