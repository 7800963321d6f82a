"""What the page of a case in the admin shows."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from ledger.admin_entries import entry_url
from receipts.cases.models import Case, Event, Photo
from receipts.cases.queries import all_events
from transactions.admin_actions import link

CUSTOMER = "The customer"


@dataclass(frozen=True)
class Happened:
    """An event: who and when, what it was, and what was written."""

    who: str
    when: str
    what: str
    text: str
    # A public answer is told from a note at a glance: one of them is promised to a customer.
    is_public: bool


@dataclass(frozen=True)
class CasePage:
    """All of it."""

    facts: list[tuple[str, object]]
    what: str
    events: list[Happened]
    photo_url: str
    photo_size: str


def case_page(case: Case) -> CasePage:
    """The case with its events and where its photo is: two queries."""
    photo = Photo.objects.filter(case=case).defer("content").first()
    events = [_happened(event) for event in all_events(case)]
    return CasePage(
        facts=_facts(case),
        what=case.what,
        events=events,
        photo_url=reverse("admin:receipts_case_photo", args=[case.pk]) if photo else "",
        photo_size=f"{photo.width} × {photo.height}" if photo else "",
    )


def _facts(case: Case) -> list[tuple[str, object]]:
    bought = " ".join(
        part
        for part in (
            f"{case.bought_on:%Y-%m-%d}" if case.bought_on else "",
            f"{case.bought_at:%H:%M}, as the customer says" if case.bought_at else "",
        )
        if part
    )
    facts: list[tuple[str, object]] = [
        ("State", case.get_state_display()),
        ("What is wrong", case.get_kind_display()),
        ("Reported", f"{_at(case.created_at)} by the {case.get_source_display()}"),
        ("Receipt code", case.code),
        ("In the ledger", link(entry_url(case.code), "its entry, or why there is none") if case.code else ""),
        ("What the public sees", link(reverse("receipt", args=[case.code]), "the receipt's page") if case.code else ""),
        ("Shop", case.place),
        ("Bought", bought),
        ("Paid", case.amount),
        ("E-mail", case.contact),
        ("Address mailed", _at(case.mailed_at) if case.mailed_at else ""),
        ("Taken care of by", case.assigned_to or ""),
        ("Closed", _at(case.closed_at) if case.closed_at else ""),
    ]
    return [(name, value) for name, value in facts if value != ""]


def _happened(event: Event) -> Happened:
    what = event.get_state_display() if event.state else event.get_sort_display()
    who = str(event.by) if event.by else CUSTOMER
    return Happened(who, _at(event.at), str(what).capitalize(), event.text, event.sort != Event.Sort.NOTE)


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
