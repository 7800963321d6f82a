"""Draws in the admin: who may do what, every fault of the form, and two people for what two people decide."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from lottery.draws import drafts
from lottery.draws.models import Draw, Prize
from lottery.tests.factories import make_draw, make_entry, make_player, open_draw_now
from possys.clock import now_ms, utc
from tests.factories import make_store
from tests.people import Cast, make_cast, make_person, signed_in

LIST = "/admin/lottery/draw/"
FIELDS = (
    "number", "name", "first_day", "last_day", "currency", "minimum_total", "ticket_each", "tickets_a_receipt_max",
    "monthly_tickets_max", "claim_days", "mode",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _without_kept_sums() -> None:
    cache.clear()


@pytest.fixture
def cast(ledger: Any) -> Cast:
    return make_cast()


def page(draw: Draw, step: str = "change") -> str:
    return f"{LIST}{draw.pk}/{step}/"


def typed(now: datetime | None = None, **changes: Any) -> dict[str, Any]:
    """The form of a draft as a person fills it in."""
    dates = drafts.proposed_dates(now or utc(now_ms()))
    form: dict[str, Any] = {
        "number": 1,
        "name": "December draw",
        "first_day": dates["first_day"],
        "last_day": dates["last_day"],
        "currency": "eur",
        "minimum_total": "12.50",
        "ticket_each": "",
        "tickets_a_receipt_max": 10,
        "monthly_tickets_max": 500,
        "claim_days": 90,
        "takes_online": "on",
        "takes_offline": "on",
        "one_a_store_and_day": "on",
        "double_methods": ["card", "transfer"],
        "mode": "drand",
        "prizes-TOTAL_FORMS": 2,
        "prizes-INITIAL_FORMS": 0,
        "prizes-0-rank": 1,
        "prizes-0-name": "Car",
        "prizes-0-amount": "25000",
        "prizes-0-count": 1,
        "prizes-1-rank": 2,
        "prizes-1-name": "Voucher",
        "prizes-1-amount": "50.00",
        "prizes-1-count": 100,
    }
    for name in ("entries_until", "freezes_at", "draws_at"):
        moment = dates[name]
        assert isinstance(moment, datetime)
        form |= {f"{name}_0": moment.date(), f"{name}_1": moment.time()}
    return {name: value for name, value in {**form, **changes}.items() if value is not None}


def say_yes(client: Client, url: str, **answers: Any) -> Any:
    """Opens a step's page and sends its form."""
    asked = client.get(url)
    if asked.status_code != 200:
        return asked
    seen = asked.context["form"]["seen"].value()
    return client.post(url, {"seen": seen, **answers}, follow=True)


def test_a_draw_is_set_up_in_one_form_with_amounts_as_people_write_them(cast: Cast) -> None:
    shown = cast.superuser.get(f"{LIST}add/")
    assert shown.context["adminform"].form.initial["number"] == 1
    assert cast.superuser.post(f"{LIST}add/", typed()).status_code == 302
    draw = Draw.objects.get()
    assert (draw.currency, draw.minimum_total, draw.ticket_each) == ("EUR", 1250, None)
    assert draw.double_methods == ["card", "transfer"]
    assert list(draw.prizes.values_list("rank", "name", "amount", "count")) == [
        (1, "Car", 2_500_000, 1),
        (2, "Voucher", 5000, 100),
    ]
    again = cast.superuser.get(page(draw)).content.decode()
    assert 'value="12.50"' in again
    assert 'value="25000.00"' in again


def test_amounts_are_of_the_currencys_own_minor_unit(cast: Cast) -> None:
    changes: dict[str, Any] = {
        "currency": "JPY",
        "minimum_total": "500",
        "ticket_each": "1000",
        "prizes-1-amount": "5000",
    }
    assert cast.superuser.post(f"{LIST}add/", typed(**changes)).status_code == 302
    draw = Draw.objects.get()
    assert (draw.minimum_total, draw.ticket_each) == (500, 1000)
    assert draw.prizes.get(rank=2).amount == 5000


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"currency": "EUX"}, "There is no such currency in ISO 4217."),
    ({"minimum_total": "12.505"}, "EUR has 2 decimals at most."),
    ({"minimum_total": "0"}, "This must be more than nothing"),
    ({"minimum_total": ""}, "This field is required."),
    ({"ticket_each": "0.001"}, "EUR has 2 decimals at most."),
    ({"takes_online": None, "takes_offline": None}, "No receipt could take part"),
    ({"last_day": "2026-01-01"}, "The last day is before the first one."),
    ({"entries_until_0": "2020-01-01"}, "This is past: entries would be closed already."),
    ({"entries_until_0": "2020-01-01"}, "Entries would close before the last day of the receipts."),
    ({"freezes_at_0": "2020-01-01"}, "The list is frozen when entries have closed, not before."),
    ({"draws_at_0": "2020-01-01"}, "The draw must be later than the freeze"),
    ({"claim_days": "0"}, "greater than or equal to 1"),
    ({"claim_days": "367"}, "less than or equal to 366"),
    ({"tickets_a_receipt_max": "101"}, "less than or equal to 100"),
    ({"monthly_tickets_max": "10001"}, "less than or equal to 10000"),
    ({"double_methods": ["magic"]}, "Select a valid choice"),
    ({"mode": "dice"}, "Select a valid choice"),
    ({"prizes-TOTAL_FORMS": 0}, "A draw needs a prize."),
    ({"prizes-0-amount": "0"}, "This must be more than nothing"),
    ({"prizes-0-amount": "1.005"}, "EUR has 2 decimals at most."),
    ({"prizes-0-count": "0"}, "greater than or equal to 1"),
    ({"prizes-0-count": "100000"}, "These are 100,100 winners; a draw can have 100,000."),
    ({"prizes-0-amount": "90071992547409.91", "prizes-0-count": "2"}, "more money than can be counted"),
    ({"prizes-1-rank": "1"}, "Please correct the duplicate"),
    ({"prizes-TOTAL_FORMS": 51}, "Please submit at most 50 forms."),
]


@pytest.mark.parametrize(("changes", "said"), FAULTS)
def test_each_fault_of_a_draft_is_named_and_nothing_is_kept(cast: Cast, changes: dict[str, Any], said: str) -> None:
    answer = cast.superuser.post(f"{LIST}add/", typed(**changes))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Draw.objects.exists()
    assert not Prize.objects.exists()


def test_all_faults_are_named_at_once(cast: Cast) -> None:
    changes: dict[str, Any] = {
        "currency": "EUX",
        "takes_online": None,
        "takes_offline": None,
        "prizes-0-count": "0",
        "claim_days": "0",
    }
    text = cast.superuser.post(f"{LIST}add/", typed(**changes)).content.decode()
    for said in ("no such currency", "No receipt could take part", "greater than or equal to 1"):
        assert said in text
    assert "Constraint" not in text


def test_a_number_is_given_once(cast: Cast) -> None:
    make_draw(number=1)
    assert "already exists" in cast.superuser.post(f"{LIST}add/", typed()).content.decode()


def test_rules_that_were_changed_need_both_approvals_anew(cast: Cast) -> None:
    draw = make_draw()
    anna, boris = signed_in(make_person("a", is_superuser=True)), signed_in(make_person("b", is_superuser=True))
    say_yes(anna, page(draw, "open"))
    Draw.objects.filter(pk=draw.pk).update(minimum_total=2000)
    say_yes(boris, page(draw, "open"))
    draw.refresh_from_db()
    assert draw.state == Draw.State.DRAFT
    say_yes(anna, page(draw, "open"))
    draw.refresh_from_db()
    assert draw.state == Draw.State.OPEN


def test_two_people_open_a_draw_and_one_person_twice_does_not(cast: Cast) -> None:
    draw = make_draw()
    first = say_yes(cast.superuser, page(draw, "open"))
    assert "A second person must approve the same rules" in first.content.decode()
    assert "superuser approved the opening" in first.content.decode()
    again = say_yes(cast.superuser, page(draw, "open"))
    assert "You have approved it already; somebody else must approve it, too." in again.content.decode()
    draw.refresh_from_db()
    assert draw.state == Draw.State.DRAFT
    other = signed_in(make_person("other", "view_draw", "open_draw"))
    opened = say_yes(other, page(draw, "open")).content.decode()
    draw.refresh_from_db()
    assert draw.state == Draw.State.OPEN
    assert draw.rules_hash is not None
    assert bytes(draw.rules_hash).hex() in opened
    assert "other approved the opening" in opened


def test_nobody_says_yes_to_rules_that_changed_behind_the_page(cast: Cast) -> None:
    draw = make_draw()
    seen = cast.superuser.get(page(draw, "open")).context["form"]["seen"].value()
    draw.prizes.filter(rank=1).update(amount=1)
    answer = cast.superuser.post(page(draw, "open"), {"seen": seen})
    assert answer.status_code == 400
    assert "it has changed since the page was shown" in answer.content.decode()
    assert answer.context["form"]["seen"].value() != seen


def test_a_draft_with_faults_is_not_opened_and_the_page_says_why(cast: Cast) -> None:
    draw = make_draw(prizes=())
    assert "it has no prizes" in cast.superuser.get(page(draw, "open")).content.decode()
    answer = say_yes(cast.superuser, page(draw, "open"))
    assert answer.status_code == 400
    assert "It has no prizes." in answer.content.decode()


STEPS = ("open", "freeze", "postpone", "hold-by-beacon", "hold-by-secret", "publish", "copy", "discard")
RIGHT_OF = {
    "open": "open_draw",
    "freeze": "draw_draw",
    "postpone": "draw_draw",
    "hold-by-beacon": "draw_draw",
    "hold-by-secret": "draw_draw",
    "publish": "publish_draw",
    "copy": "add_draw",
    "discard": "delete_draw",
}


@pytest.mark.parametrize("step", STEPS)
def test_each_step_needs_its_own_right(cast: Cast, step: str) -> None:
    draw = make_draw()
    others = set(RIGHT_OF.values()) - {RIGHT_OF[step]}
    without = signed_in(make_person("without-it", "view_draw", "change_draw", *others))
    having = signed_in(make_person("with-it", "view_draw", RIGHT_OF[step]))
    for client, status in ((cast.viewer, 403), (cast.without_rights, 403), (without, 403), (cast.anonymous, 302)):
        assert client.get(page(draw, step)).status_code == status
        assert client.post(page(draw, step), {"seen": "draft"}).status_code == status
    assert having.get(page(draw, step)).status_code in {200, 302}
    assert Draw.objects.count() == 1


def test_setting_up_needs_rights_and_looking_needs_one(cast: Cast) -> None:
    draw = make_draw()
    for client, looks, adds in (
        (cast.superuser, 200, 200),
        (cast.viewer, 200, 403),
        (cast.without_rights, 403, 403),
        (cast.anonymous, 302, 302),
        (signed_in(make_person("setter", "view_draw", "add_draw", "change_draw")), 200, 200),
    ):
        assert client.get(LIST).status_code == looks
        assert client.get(page(draw)).status_code == looks
        assert client.get(f"{LIST}add/").status_code == adds
    assert cast.viewer.post(page(draw), typed(name="Mine")).status_code in {200, 403}
    draw.refresh_from_db()
    assert draw.name == "Autumn draw"
    assert "Approve the opening" not in cast.viewer.get(page(draw)).content.decode()


def test_from_the_opening_on_nothing_is_typed(cast: Cast) -> None:
    draw = open_draw_now()
    before = Draw.objects.values().get()
    text = cast.superuser.get(page(draw)).content.decode()
    assert bytes(draw.rules_hash or b"").hex() in text
    cast.superuser.post(page(draw), typed(name="Mine"))
    cast.superuser.post(f"{LIST}{draw.pk}/delete/", {"post": "yes"})
    assert "Nothing was done" in cast.superuser.post(page(draw, "discard"), follow=True).content.decode()
    assert Draw.objects.values().get() == before


def test_the_list_is_frozen_by_hand_only_when_it_is_due(cast: Cast) -> None:
    draw = open_draw_now()
    make_entry(draw, make_player())
    assert page(draw, "freeze") not in cast.superuser.get(page(draw)).content.decode()
    answer = cast.superuser.get(page(draw, "freeze"), follow=True)
    assert "Nothing was done" in answer.content.decode()


def test_a_draw_is_postponed_with_a_reason(cast: Cast) -> None:
    draw = open_draw_now()
    later = draw.draws_at + timedelta(days=1)
    when = {"draws_at_0": later.date(), "draws_at_1": later.time().replace(microsecond=0)}
    for reason, said in (("", "This field is required."), ("zpožděno", "plain characters")):
        answer = say_yes(cast.superuser, page(draw, "postpone"), reason=reason, **when)
        assert answer.status_code == 400
        assert said in answer.content.decode()
    answer = say_yes(cast.superuser, page(draw, "postpone"), reason="the feed stood still", **when)
    assert "is postponed to" in answer.content.decode()
    draw.refresh_from_db()
    assert draw.postponed_to == later.replace(microsecond=0)


def test_a_copy_is_a_draft_over_a_later_month_with_its_own_prizes(cast: Cast) -> None:
    draw = open_draw_now()
    answer = say_yes(cast.superuser, page(draw, "copy"))
    copied = Draw.objects.get(state=Draw.State.DRAFT)
    assert answer.redirect_chain[-1][0] == page(copied)
    assert copied.number == draw.number + 1
    assert copied.first_day > draw.last_day
    assert copied.first_day.day == 1
    assert copied.entries_until > utc(now_ms())
    assert list(copied.prizes.values_list("rank", "amount")) == list(draw.prizes.values_list("rank", "amount"))
    say_yes(cast.superuser, page(copied, "discard"))
    assert Draw.objects.get() == draw


def test_charts_count_what_takes_part_by_day_and_store(cast: Cast) -> None:
    draw = open_draw_now()
    high, mill = make_store(name="High Street"), make_store(name="Mill Lane")
    for store, tickets in ((high, 2), (high, 1), (mill, 5)):
        make_entry(draw, make_player(), store=store.pk, tickets=tickets)
    make_entry(draw, make_player(), store=mill.pk, tickets=9, state="withdrawn")
    found = cast.superuser.get(page(draw)).context["found"]
    days, stores = found.charts
    assert [row[1:] for row in days.table["rows"]] == [("3", "8")]
    assert stores.table["rows"] == [("Mill Lane", "1", "5"), ("High Street", "2", "3")]
    assert "3 receipts with 8 tickets take part" in found.counted
    assert "8 so far" in cast.superuser.get(LIST).content.decode()


def test_a_draws_page_adds_up_once_a_minute(cast: Cast, django_assert_num_queries: Callable[..., Any]) -> None:
    draw = open_draw_now()
    make_entry(draw, make_player())
    cast.superuser.get(page(draw))
    make_entry(draw, make_player())
    assert "1 receipts" in cast.superuser.get(page(draw)).context["found"].counted
    with django_assert_num_queries(13):
        cast.superuser.get(page(draw))


def test_times_are_typed_by_the_sites_clock_and_shown_in_that_of_the_rules(cast: Cast, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Prague"
    assert "Times are those of Europe/Prague." in cast.superuser.get(f"{LIST}add/").content.decode()
    cast.superuser.post(
        f"{LIST}add/",
        typed(
            first_day="2099-01-01", last_day="2099-01-09", entries_until_0="2099-01-10", entries_until_1="00:30:00",
            freezes_at_0="2099-01-10", freezes_at_1="12:00:00", draws_at_0="2099-01-11", draws_at_1="12:00:00",
        ),
    )  # fmt: skip
    draw = Draw.objects.get()
    assert f"{draw.entries_until:%Y-%m-%d %H:%M}" == "2099-01-09 23:30"
    assert "2099-01-09 23:30 UTC" in cast.viewer.get(page(draw)).content.decode()
