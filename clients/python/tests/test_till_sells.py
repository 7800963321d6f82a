"""A till sells, gives back and copies while the network is there."""

import json
import stat
import threading
from pathlib import Path

import pytest

from far_side import TERMINAL, FarSide, code_of, problem, refused
from possys_till import Blocked, FolderInUse, Line, Payment, Refused, SaleError, SaleRefused, Till, Unknown, Unreachable
from possys_till.backoff import Backoff
from settings_of_tests import Opener

MILK = Line("Whole milk 1 l", 2550, "A", quantity=2, sku="A-1", gtin="4006381333931")
HAM = Line("Ham, sliced", 18990, "A", quantity="0.312", unit="kg", discount=705)
BOTTLE = Line("Bottle", -300, "Z", kind="deposit")


def test_a_new_folder_goes_on_behind_what_the_server_knows(far: FarSide, enrol: Opener) -> None:
    far.last_sequence = 88121
    assert enrol().sell([MILK], [Payment("card")]).sequence == 88122


def test_a_sale_gets_its_code_and_the_server_the_signed_bytes(till: Till, far: FarSide) -> None:
    receipt = till.sell([MILK, HAM, BOTTLE], [Payment("cash", tendered=20000)], operator="7")
    assert (receipt.standing, receipt.code, receipt.sequence) == ("accepted", code_of(1), 1)
    sale = json.loads(far.ledger[1])
    assert sale["terminal"] == TERMINAL
    assert [line["amount"] for line in sale["lines"]] == [5100, 5220, -300]
    # 100.20 in cash, in whole crowns.
    assert (sale["total"], sale["rounding"], receipt.change) == (10000, -20, 10000)
    assert sale["taxes"] == [
        {"code": "A", "rate": "12.00", "net": 9214, "tax": 1106},
        {"code": "Z", "rate": None, "net": -300, "tax": 0},
    ]
    assert far.public_keys


def test_a_card_pays_to_the_cent_and_cash_the_rounded_rest(till: Till, far: FarSide) -> None:
    till.sell([HAM], [Payment("card")])
    till.sell([HAM], [Payment("card", 2000), Payment("cash", tendered=5000)])
    card, split = (json.loads(far.ledger[number]) for number in (1, 2))
    assert (card["total"], card["rounding"]) == (5220, 0)
    assert (split["total"], split["rounding"]) == (5200, -20)
    assert split["payments"] == [{"method": "card", "amount": 2000}, {"method": "cash", "amount": 3200}]


def test_everything_that_is_wrong_is_named_and_no_number_is_used(till: Till, far: FarSide) -> None:
    with pytest.raises(SaleError) as error:
        till.sell(
            [Line("", 1.5, "Q", quantity="1e3", gtin="123"), Line("x" * 121, None, "A")],  # type: ignore[arg-type]
            [Payment("card", 100), Payment("bitcoin", 5)],  # type: ignore[arg-type]
            operator="o" * 41,
        )
    assert [fault.pointer for fault in error.value.faults] == [
        "/lines/0/quantity", "/lines/0/unit_price", "/lines/0/tax", "/lines/0/gtin", "/lines/0/name", "/lines/1/name",
        "/operator",
    ]  # fmt: skip
    with pytest.raises(SaleError, match="add up to 100, but the total is 5220"):
        till.sell([HAM], [Payment("card", 100)])
    with pytest.raises(SaleError, match="is 100, less than 5200"):
        till.sell([HAM], [Payment("cash", tendered=100)])
    assert till.sell([HAM]).sequence == 1
    assert list(far.ledger) == [1]


def test_a_whole_sale_is_given_back_the_way_it_was_paid(till: Till, far: FarSide) -> None:
    code = till.sell([HAM], [Payment("card", 2000), Payment("cash")]).code
    assert code is not None
    refund = till.refund(code.replace("-", "").lower(), reason="sour")
    sale = json.loads(far.ledger[2])
    assert (sale["type"], sale["refers_to"], sale["total"], sale["rounding"]) == ("refund", code, -5200, 20)
    assert sale["payments"] == [{"method": "card", "amount": -2000}, {"method": "cash", "amount": -3200}]
    assert sale["lines"][0]["quantity"] == "-0.312"
    assert sale["lines"][0]["discount"] == -705
    assert "REFUND" in refund.text()
    void = till.void(code, reason="wrong table")
    assert (void.sale["type"], void.total) == ("void", -5200)


def test_a_part_is_given_back_by_line(till: Till, far: FarSide) -> None:
    code = till.sell([MILK, HAM], [Payment("card")]).code
    assert code is not None
    till.refund(code, {0: 1})
    line = json.loads(far.ledger[2])["lines"]
    assert [(one["name"], one["quantity"], one["amount"]) for one in line] == [("Whole milk 1 l", "-1", -2550)]
    till.refund(code, {1: "0.156"})
    half = json.loads(far.ledger[3])["lines"][0]
    assert (half["discount"], half["amount"]) == (-353, -2609)
    with pytest.raises(SaleError) as error:
        till.refund(code, {0: 3, 7: 1})
    assert [fault.pointer for fault in error.value.faults] == ["/lines/0/quantity", "/lines/7"]
    # A receipt of another till: by lines as they were sold.
    till.refund("0NXV-SRT0-G09S-89Q7", [MILK], reason="sour")
    with pytest.raises(Unknown):
        till.refund("0NXV-SRT0-G09S-89Q7")
    with pytest.raises(SaleError, match="no receipt code"):
        till.refund("0NXV", [MILK])


def test_a_copy_is_counted_once_whatever_happens_to_its_answer(till: Till, far: FarSide) -> None:
    code = till.sell([MILK]).code
    assert code is not None
    far.faults = ["cut"]
    with pytest.raises(Unreachable):
        till.copy(code)
    assert till.copy(code).copy == 1
    again = till.copy(code)
    assert again.copy == 2
    assert "COPY 2" in again.text()


def test_training_has_numbers_of_its_own_and_leaves_nothing(till: Till, far: FarSide) -> None:
    receipt = till.sell([MILK], training=True)
    assert (receipt.standing, receipt.sequence) == ("training", 1)
    assert "TRAINING, NOT A RECEIPT" in receipt.text()
    assert far.ledger == {}
    assert till.sell([MILK]).sequence == 1
    far.down = True
    with pytest.raises(Unreachable):
        till.sell([MILK], training=True)


def test_a_refused_sale_is_put_aside_and_mended_under_its_number(till: Till, far: FarSide) -> None:
    far.judge = lambda sale: refused("/lines/0/name", "is silly") if sale["lines"][0]["name"] == "Silly" else None
    with pytest.raises(SaleRefused, match="is silly") as error:
        till.sell([Line("Silly", 100, "A")])
    ((receipt, status, words),) = till.aside()
    assert (receipt.sequence, status, words) == (1, 422, "/lines/0/name is silly")
    assert error.value.sequence == 1
    assert till.sell([MILK]).sequence == 2
    with pytest.raises(SaleError):
        till.correct(1, [Line("Sensible", 100, "A")], colour="red")
    till.correct(1, [Line("Sensible", 100, "A")])
    assert till.drain(5)
    assert json.loads(far.ledger[1])["issued_at"] == receipt.sale["issued_at"]
    assert till.find(1).code == code_of(1)
    assert till.status().aside == 0


def test_a_number_that_another_sale_has_needs_a_person_and_the_rest_goes_on(till: Till, far: FarSide) -> None:
    far.ledger[1] = b"another"
    with pytest.raises(SaleRefused, match="409"):
        till.sell([MILK])
    assert till.sell([MILK]).code == code_of(2)


def test_credential_and_key_are_for_their_owner_alone(till: Till) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in till.folder.iterdir()}
    assert modes["till.json"] == modes["queue.sqlite3"] == 0o600
    assert stat.S_IMODE(till.folder.stat().st_mode) == 0o700


def test_two_programs_cannot_use_one_till(till: Till, enrol: Opener) -> None:
    with pytest.raises(FolderInUse):
        enrol(again=True)


def test_numbers_go_on_after_a_restart(till: Till, enrol: Opener) -> None:
    till.sell([MILK])
    till.close()
    assert enrol(again=True).sell([MILK]).sequence == 2


def test_threads_share_a_till_and_no_number_twice(till: Till, far: FarSide) -> None:
    made: list[int] = []

    def cashier() -> None:
        made.extend(till.sell([MILK]).sequence for _ in range(10))

    cashiers = [threading.Thread(target=cashier) for _ in range(4)]
    for one in cashiers:
        one.start()
    for one in cashiers:
        one.join()
    assert till.drain(5)
    assert sorted(made) == list(range(1, 41)) == sorted(far.ledger)


def test_an_enrolment_whose_answer_is_lost_is_asked_for_again_by_its_name(enrol: Opener, far: FarSide) -> None:
    far.faults = ["cut", "refuse"]
    till = enrol()
    assert len(far.enrolments) == len(far.public_keys) == 1
    assert till.sell([MILK]).code


def test_an_enrolment_that_was_given_up_goes_on_by_the_same_name(
    enrol: Opener, far: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("possys_till.till.ENROLMENT_BACKOFF", Backoff(first_s=0.01))
    far.faults = ["cut", "refuse", "refuse", "refuse"]
    with pytest.raises(Unreachable):
        enrol()
    assert enrol().sell([MILK]).code
    assert len(far.enrolments) == len(far.public_keys) == 1


def test_an_enrolment_that_came_to_nothing_leaves_the_till_as_it_was(
    till: Till, enrol: Opener, far: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("possys_till.till.ENROLMENT_BACKOFF", Backoff(first_s=0.01))
    with pytest.raises(FolderInUse):
        enrol()
    till.close()
    far.down = True
    with pytest.raises(Unreachable):
        Till.enrol(far.url, "0000-0000-0000-0000", till.folder)
    far.down = False
    again = enrol(again=True)
    assert again.sell([MILK]).code == code_of(1)
    assert again.credential == till.credential
    assert far.renewals == {}


def test_a_wrong_or_used_code_says_so(far: FarSide, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such code"):
        Till.enrol(far.url, "0000-0000-0000-0000", tmp_path / "new")
    with pytest.raises(ValueError, match="in the clear"):
        Till.enrol("http://pos.example", "0000-0000-0000-0000", tmp_path / "new")


def test_a_till_without_a_key_sends_plain_sales(enrol: Opener, far: FarSide) -> None:
    till = enrol(with_key=False)
    assert till.sell([MILK]).code
    assert far.public_keys == {}
    assert till.status().fingerprint is None


def test_a_testing_terminal_trains_only(till: Till, far: FarSide, enrol: Opener) -> None:
    till.close()
    file = till.folder / "till.json"
    content = json.loads(file.read_text())
    content["credential"]["status"] = far.status = "testing"
    file.write_text(json.dumps(content))
    testing = enrol(again=True)
    with pytest.raises(Blocked, match="training sales only"):
        testing.sell([MILK])
    assert testing.sell([MILK], training=True).standing == "training"


def test_too_many_sales_are_sent_again(till: Till, far: FarSide) -> None:
    far.faults = [problem(429, "too-many-sales", "Too many.", retry_after_s=0)]
    assert till.sell([MILK]).standing == "offline"
    assert till.drain(5)
    assert till.find(1).code
