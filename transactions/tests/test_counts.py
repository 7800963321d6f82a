"""What becomes of sales is counted by outcome, each once."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from possys import pulse
from tests.tills import Till
from transactions.answers import refused
from transactions.counts import FIELDS, _field
from transactions.sale import Fault

pytestmark = pytest.mark.usefixtures("own_counts")


def counted() -> pulse.Counts:
    pulse.push()
    return pulse.totals()


def test_each_sale_of_a_batch_counts_by_what_became_of_it(till: Till) -> None:
    first, second = till.sale(), till.sale()
    till.send(first)
    wrong, offline, training = till.sale(total=1), till.sale(mode="offline"), till.sale(mode="training")
    till.send_batch([first, second, wrong, offline, training])
    found = counted()
    assert found.by_label("capture_sales", "outcome") == {"accepted": 4, "replayed": 1, "refused": 1}
    assert found.value("capture_refusals", reason="sale-refused", field="total") == 1
    assert (found.value("capture_offline_sales"), found.value("capture_training_sales")) == (1, 1)


def test_what_is_turned_away_before_its_sales_are_looked_at_counts_as_a_refusal(till: Till) -> None:
    till.send(token="t1.1.1.wrong")
    till.ask(1, "2026-11-01", token="t1.1.1.wrong")
    assert counted().by_label("capture_refusals", "reason") == {"authentication-failed": 1}


@given(st.text())
@example("invented")
@example("terminal/x")
def test_a_till_cannot_invent_names_of_fields(pointer: str) -> None:
    assert _field(refused([Fault(f"/{pointer}", "is unknown")])) in {"", *FIELDS}
