"""Addresses of the results, and of the files with which anybody checks them."""

from django.urls import path

from lottery.draws import views

urlpatterns = [
    path("results/", views.results, name="lottery-results"),
    path("draws/<int:number>/", views.result, name="lottery-result"),
    path("draws/<int:number>/check", views.check, name="lottery-check"),
    path("draws/<int:number>/transcript.json", views.transcript, name="lottery-transcript"),
    path("draws/<int:number>/tickets.bin", views.tickets_file, name="lottery-tickets-file"),
    path("draw.py", views.program, name="lottery-script"),
]
