"""Which product a text means, and what products are called before and after their first sale."""

import pytest

from ledger.products import product_id
from tests.factories import make_retailer
from transactions.models import Retailer
from warehouse.stock.items import name_items
from warehouse.stock.naming import Ambiguous, Known, meant, names_of, new_key, told
from warehouse.stock.tests.factories import make_product

GTIN = "4006381333931"
pytestmark = pytest.mark.django_db


@pytest.fixture
def retailer(db: None) -> Retailer:
    made = make_retailer()
    make_product(made.pk, "M", "Milk", gtin="0" + GTIN)
    make_product(made.pk, "12", "Juice")
    make_product(made.pk, "J2", "Juice")
    make_product(made.pk, key="n:Käse", name="Käse")
    make_product(make_retailer().pk, "R", "Rival's")
    return made


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("M", "s:M"),
        ("s:M", "s:M"),
        (GTIN, "s:M"),
        ("milk", "s:M"),
        ("12", "s:12"),
        ("KÄSE", "n:Käse"),
        ("n:Käse", "n:Käse"),
        ("R", None),
        ("Rival's", None),
        ("m", None),
        ("", None),
    ],
)
def test_a_text_means_a_product_of_the_retailer(retailer: Retailer, text: str, key: str | None) -> None:
    found = meant(retailer.pk, [text])[text]
    assert (found.key if isinstance(found, Known) else found) == key


def test_its_number_here_means_it_too_and_a_name_of_two_means_neither(retailer: Retailer) -> None:
    number = str(product_id(retailer.pk, "s:M"))
    found = meant(retailer.pk, [number, "Juice", "12"])
    assert isinstance(found[number], Known)
    assert found["Juice"] == Ambiguous(2)


def test_what_was_never_sold_is_called_as_it_was_entered_until_it_is(retailer: Retailer) -> None:
    number = product_id(retailer.pk, "s:N")
    name_items(retailer.pk, {number: ("s:N", "New cheese")})
    assert isinstance(meant(retailer.pk, ["new cheese"])["new cheese"], Known)
    assert names_of(retailer.pk, [number])[number].name == "New cheese"
    make_product(retailer.pk, "N", "Cheese, sliced")
    assert names_of(retailer.pk, [number])[number].name == "Cheese, sliced"


@pytest.mark.parametrize(("text", "key"), [("A", "s:A"), ("g:123", "g:123"), ("s:A", "s:A")])
def test_keys_are_written_as_they_are_read(text: str, key: str) -> None:
    assert new_key(text) == key
    assert new_key(told(key)) == key


@pytest.mark.parametrize("text", ["s:", "n: ", "x" * 41])
def test_keys_that_no_till_could_send_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"missing|at most"):
        new_key(text)
