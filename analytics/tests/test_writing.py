"""What arrays may hold, and that names come out the same in any order and after a rollback."""

import pytest
from django.db import transaction

from analytics.consumers import NAMES_LOCK
from analytics.models import Product, ProductDay
from analytics.rolling.sums import PRODUCT_DAY
from analytics.tests.test_rolling import fed
from ledger.block_facts import read_facts
from ledger.product_names import ProductNames
from ledger.products import latest_names
from ledger.sums import Rows, add_sums, binary_cursor, columns_of
from possys.arrays import BIGINT_MAX, BIGINT_MIN, integer_array, text_array
from tests.factories import make_line, make_sale

NAMES = ProductNames("analytics_product", NAMES_LOCK)
OLDER, NEWER = "2026-11-22T10:00:00+01:00", "2026-11-23T10:00:00+01:00"


def name(issued_at: str, **line: str | None) -> None:
    """Feeds one sale of a product."""
    sale = make_sale(issued_at=issued_at, lines=[make_line(**line)])
    with binary_cursor() as cursor:
        NAMES.write(cursor, latest_names(read_facts([fed(sale)])))


@pytest.mark.django_db
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_a_product_is_called_as_on_its_last_day_in_whatever_order_it_comes(order: tuple[int, ...]) -> None:
    fed_names = [(OLDER, "Zwieback"), (NEWER, "Ärmel"), (NEWER, "Zimt"), (NEWER, "Apfel")]
    for place in order:
        issued_at, text = fed_names[place]
        name(issued_at, name=text, category=None)
    # By code points, not by any language.
    assert Product.objects.values_list("key", "name", "category", "gtin").get() == (
        "s:A-1",
        "Ärmel",
        "",
        "4006381333931",
    )


@pytest.mark.django_db
def test_names_of_a_block_that_was_rolled_back_are_written_again() -> None:
    with transaction.atomic():
        name(NEWER)
        transaction.set_rollback(True)
    assert not Product.objects.exists()
    name(NEWER)
    assert Product.objects.count() == 1


@pytest.mark.django_db
def test_a_row_of_arrays_comes_back_as_it_was() -> None:
    integers = [-(2**63), 0, 2**63 - 1]
    texts = ["", "Käse", "a,{}\\\"'"]
    with binary_cursor() as cursor:
        arrays = [integer_array(integers, "bigint"), text_array(texts), integer_array([-1, 8000], "date")]
        row = cursor.execute(b"SELECT %b::bigint[], %b::text[], %b::date[]", arrays).fetchone()
    assert row is not None
    assert row[:2] == (integers, texts)
    assert [str(day) for day in row[2]] == ["1999-12-31", "2021-11-26"]  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_stands_at_the_limit_of_its_column_and_stops_nobody(sign: int) -> None:
    def add(amount: int, quantity: int) -> None:
        rows: Rows = {(1, 9000, 7, "CZK"): [quantity, sign * amount, 1, 1], (1, 9000, 8, "CZK"): [1, 1, 1, 1]}
        with binary_cursor() as cursor:
            add_sums(cursor, PRODUCT_DAY, columns_of(PRODUCT_DAY, rows))

    for _ in range(3):
        add(2**62, 20_000)
    limit = BIGINT_MAX if sign > 0 else BIGINT_MIN
    assert list(ProductDay.objects.order_by("product").values_list("amount", "quantity")) == [(limit, 60_000), (3, 3)]
    add(-(2**62), 0)
    add(2**70, 0)
    assert ProductDay.objects.get(product=7).amount == limit


def test_what_does_not_fit_a_column_is_an_error() -> None:
    for values, kind in (([2**31], "integer"), ([-(2**15) - 1], "smallint")):
        with pytest.raises(OverflowError):
            integer_array(values, kind)
