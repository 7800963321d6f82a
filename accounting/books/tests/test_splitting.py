"""What a day posts: by purpose, to the unit, whatever tills write."""

from hypothesis import given
from hypothesis import strategies as st

from accounting.books.splitting import Part, rate_shown, scaled_rate, special_nets, split
from accounting.days.content import CurrencyFigures, PaymentFigures, TaxFigures
from accounting.tests.closes import make_figures, sold

AMOUNTS = st.integers(-(10**12), 10**12)
RATES = st.sampled_from(["", "0", "5.5", "12.00", "21.0000", "100"])
TAXES = st.lists(
    st.builds(
        TaxFigures,
        code=st.sampled_from("ABC"),
        rate=RATES,
        **{name: AMOUNTS for name in TaxFigures.__struct_fields__ if name not in {"code", "rate"}},
    ),
    max_size=4,
)
PAYMENTS = st.lists(
    st.builds(PaymentFigures, method=st.sampled_from(["cash", "card"]), payments=st.just(1), amount=AMOUNTS)
)


def by_purpose(parts: list[Part]) -> dict[tuple[str, str], int]:
    return {(part.purpose, part.key): part.amount for part in parts}


def test_a_sale_debits_what_was_paid_and_credits_net_and_tax() -> None:
    figures = make_figures([sold(1000, 210)], {"cash": 200, "card": 1010})
    assert split(figures) == [
        Part("payment", "card", 1010),
        Part("payment", "cash", 200),
        Part("revenue", "A", -1000, "A", "21.00"),
        Part("tax", "A", -210, "A", "21.00"),
    ]


def test_refunds_and_voids_take_away() -> None:
    row = sold(1000, 210, refunds_net=-300, refunds_tax=-63, voids_net=-100, voids_tax=-21, items=726)
    assert by_purpose(split(make_figures([row]))) == {
        ("payment", "cash"): 726, ("revenue", "A"): -600, ("tax", "A"): -126,
    }  # fmt: skip


def test_a_deposit_leaves_revenue_by_its_net_part() -> None:
    row = sold(2000, 420, items=1210, deposits=1210)
    parts = by_purpose(split(make_figures([row])))
    assert parts["line", "deposit"] == -1000
    assert parts["revenue", "A"] == -1000
    assert parts["tax", "A"] == -420


def test_where_prices_are_without_tax_a_tip_is_what_is_printed() -> None:
    assert special_nets(sold(2000, 420, items=1500, tips=500)) == {"tip": 500}
    assert special_nets(sold(2000, 420, items=1815, tips=605)) == {"tip": 500}


def test_where_sales_and_returns_cancel_the_deposit_keeps_its_part() -> None:
    row = TaxFigures("A", "21.00", items=1210, deposits=-1210)
    assert by_purpose(split(make_figures([row], {}))) == {("line", "deposit"): 1000, ("revenue", "A"): -1000}


def test_rounding_and_what_recaps_differ_go_to_one_place() -> None:
    assert by_purpose(split(make_figures([sold(1000, 211)], {"cash": 1200})))["rounding", ""] == 11


def test_nothing_is_posted_of_what_cancels() -> None:
    assert split(make_figures([sold(100, 21, voids_net=-100, voids_tax=-21, items=0)], {"cash": 0})) == []


@given(TAXES, PAYMENTS)
def test_all_of_it_adds_up_whatever_comes(taxes: list[TaxFigures], payments: list[PaymentFigures]) -> None:
    parts = split(CurrencyFigures("CZK", taxes=tuple(taxes), payments=tuple(payments)))
    assert sum(part.amount for part in parts) == 0
    assert all(part.amount for part in parts)
    assert len(parts) != 1
    assert -sum(part.amount for part in parts if part.purpose == "tax") == sum(row.tax for row in taxes)
    goods_and_special = [part.amount for part in parts if part.purpose in {"revenue", "line"}]
    assert -sum(goods_and_special) == sum(row.net for row in taxes)


@given(st.builds(TaxFigures, code=st.just("A"), rate=RATES, deposits=AMOUNTS, items=AMOUNTS, sales_net=AMOUNTS))
def test_a_net_part_is_the_nearest_unit(row: TaxFigures) -> None:
    for net in special_nets(row).values():
        whole = 1_000_000 + scaled_rate(row.rate)
        with_tax = 2 * abs(net * whole - row.deposits * 1_000_000) <= whole
        assert net == row.deposits or with_tax


def test_equal_rates_are_equal() -> None:
    assert [rate_shown(text) for text in ("21.00", "21", "21.0", "5.50", "10", "")] == [
        "21",
        "21",
        "21",
        "5.5",
        "10",
        "",
    ]
    assert [scaled_rate(text) for text in ("21.00", "5.5", "")] == [210_000, 55_000, 0]
