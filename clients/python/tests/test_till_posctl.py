"""posctl: what a cashier types, from a file, and what is said and printed for it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from far_side import ENROLMENT_CODE, FarSide, code_of
from possys_till.posctl.__main__ import main
from possys_till.posctl.catalogue import CatalogueError, load

CSV = """\
# currency: CZK
# cash rounding: 1.00
# tax A: 12.00
# tax Z: exempt
gtin,sku,name,price,tax,unit,category,kind
4006381333931,A-1,Whole milk 1 l,25.50,A,pcs,Dairy,item
,B-7,"Ham, sliced",189.90,A,kg,Deli,item
,B-8,Hamburger,79,A,pcs,Deli,item
,D-1,Bottle,3,Z,pcs,,deposit
"""


class Posctl:
    """Runs posctl on the same folder again and again."""

    def __init__(self, folder: Path, far: FarSide, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
        self.folder, self.far, self._capsys, self._patch = folder, far, capsys, monkeypatch
        self.catalogue = folder / "products.csv"
        self.catalogue.write_text(CSV)

    def run(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        """Exit code, and everything that was printed."""
        self._patch.setattr("sys.stdin", io.StringIO(typed))
        code = main(["--folder", str(self.folder / "till"), "--catalogue", str(self.catalogue), *arguments])
        said = self._capsys.readouterr()
        return code, said.out + said.err


@pytest.fixture
def posctl(tmp_path: Path, far: FarSide, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Posctl:
    """An enrolled one."""
    made = Posctl(tmp_path, far, capsys, monkeypatch)
    code, said = made.run("enrol", far.url, ENROLMENT_CODE)
    assert code == 0, said
    assert "Enrolled terminal 1204 of Corner Shop Ltd, High Street." in said
    return made


def test_a_morning_at_the_till(posctl: Posctl) -> None:
    code, said = posctl.run(typed="""\
# two of milk, some ham, a bottle that is given back in the end
4006381333931
2*milk
0.312*ham, sl
d-1
-4
discount 7.05
total
cash 200
""")  # fmt: skip
    assert code == 0, said
    sale = json.loads(posctl.far.ledger[1])
    assert [(line["name"], line["quantity"]) for line in sale["lines"]] == [
        ("Whole milk 1 l", "1"), ("Whole milk 1 l", "2"), ("Ham, sliced", "0.312"),
    ]  # fmt: skip
    assert sale["lines"][2]["discount"] == 705
    # 128.70 in cash is 129 crowns.
    assert (sale["total"], sale["rounding"], sale["tendered"]) == (12900, 30, 20000)
    assert "Change: 71.00 CZK" in said
    assert code_of(1) in said
    assert "█" in said


def test_a_word_that_several_products_have_offers_them(posctl: Posctl) -> None:
    code, said = posctl.run(typed="2*ham\n2\ntotal\ncancel\n")
    assert code == 0, said
    assert "1  Ham, sliced  189.90" in said
    assert "2 Hamburger  158.00 CZK" in said


def test_split_payments_and_what_cannot_be(posctl: Posctl) -> None:
    code, said = posctl.run(typed="card\nmilk\ncard 10\nmilk\ncard 99\ncash 20\nnonsense\ndiscount ten\n-7\n")
    assert code == 1
    assert "there is nothing to pay for" in said
    assert "Open 15.50 CZK" in said
    assert "a payment was taken already" in said
    assert "only 15.50 is open" in said
    assert "nothing here is called 'nonsense'" in said
    sale = json.loads(posctl.far.ledger[1])
    assert sale["payments"] == [{"method": "card", "amount": 1000}, {"method": "cash", "amount": 1600}]
    assert sale["rounding"] == 50


def test_taking_back_and_copies(posctl: Posctl) -> None:
    sold = "2*milk\n0.5*ham, s\ncard\n"
    code, said = posctl.run(typed=f"{sold}refund {code_of(1)} 1*1 : sour\ncopy {code_of(1)}\nvoid {code_of(1)}\nlast\n")
    assert code == 0, said
    refund, void = (json.loads(posctl.far.ledger[number]) for number in (2, 3))
    assert (refund["total"], refund["reason"], refund["lines"][0]["quantity"]) == (-2550, "sour", "-1")
    assert void["type"] == "void"
    assert "COPY 1" in said
    assert "VOID" in said


def test_offline_and_back(posctl: Posctl) -> None:
    posctl.far.down = True
    code, said = posctl.run(typed="milk\ncash\nqueue\nstatus\n")
    assert code == 0, said
    assert "OFFLINE, due by" in said
    assert "waits, due by" in said
    assert "Waiting 1" in said
    posctl.far.down = False
    code, said = posctl.run(typed="try\nqueue\n")
    assert f"sale 1, printed offline, has the code {code_of(1)}" in said
    assert "Nothing waits." in said


def test_a_refused_sale_is_corrected_with_the_basket(posctl: Posctl) -> None:
    from far_side import refused

    posctl.far.judge = lambda sale: refused("/lines", "no ham today") if "Ham" in str(sale) else None
    code, said = posctl.run(typed="ham, s\ncash\nqueue\ncancel\nmilk\ncorrect 1 card\ntry\nresend 1\n")
    assert code == 1
    assert "needs a person (422): /lines no ham today" in said
    assert json.loads(posctl.far.ledger[1])["payments"] == [{"method": "card", "amount": 2550}]
    assert "only one that was put aside can be corrected" in said


def test_training_and_a_discount_on_everything(posctl: Posctl) -> None:
    code, said = posctl.run(typed="train on\nmilk\nham, s\nbottle\ndiscount all 10%\ncard\ntrain off\n")
    assert code == 0, said
    assert "TRAINING, NOT A RECEIPT" in said
    assert posctl.far.ledger == {}
    assert "Discount" in said


def test_status_alone_and_a_folder_without_a_till(posctl: Posctl) -> None:
    code, said = posctl.run("status")
    assert code == 0
    assert "Terminal 1204 of Corner Shop Ltd, High Street: active" in said
    posctl.folder = posctl.folder / "elsewhere"
    code, said = posctl.run("status")
    assert code == 2
    assert "enrol it with a code first" in said


def test_a_catalogue_names_every_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(CSV + "123,X,,1.5x,Q,pcs,,thing\n,,No SKU,1,A,,,\n")
    with pytest.raises(CatalogueError) as error:
        load(path)
    said = str(error.value)
    assert "row 5 (X): name is missing; gtin 123 is no GTIN with a right check digit; tax Q has no rate" in said
    assert "kind thing is none of" in said
    assert "price 1.5x is no amount" in said
    assert "row 6 (No SKU): sku is missing" in said


def test_json_and_the_demo_are_catalogues_too(tmp_path: Path) -> None:
    path = tmp_path / "products.json"
    content = {
        "currency": "JPY", "taxes": {"A": "10", "Z": None}, "taxes_included": False,
        "products": [{"gtin": "4006381333931", "sku": "1", "name": "Rice", "price": "500", "tax": "A"}],
    }  # fmt: skip
    path.write_text(json.dumps(content))
    made = load(path)
    assert (made.products[0].price, made.rules.taxes_included) == ("500", False)
    demo = load(None)
    assert len(demo.products) > 30
    assert [product.name for product in demo.find("choc mi")] == ["Chocolate Milk"]
    assert demo.find("2000010297436")[0].name == "Fluid Milk White Only 1 ga"
