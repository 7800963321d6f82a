"""Pages of what is not there lead back to where somebody came from: customers to a receipt, staff to the admin."""

import pytest
from django.test import Client

from tests.people import make_person, signed_in


@pytest.mark.parametrize("path", ["/admin/no/such/", "/admin/findings/finding/999999/change/"])
def test_staff_are_led_back_to_the_admin(db: None, path: str) -> None:
    page = signed_in(make_person("anna", is_superuser=True)).get(path, follow=True)
    assert page.status_code == 404
    text = page.content.decode()
    assert 'href="/admin/">To the admin' in text
    assert "Check a receipt</a></p>" not in text
    assert "If you are looking for a receipt" not in text


def test_customers_are_led_to_a_receipt(db: None, client: Client) -> None:
    page = client.get("/no/such/")
    assert page.status_code == 404
    assert "If you are looking for a receipt" in page.content.decode()
    assert "To the admin" not in page.content.decode()
