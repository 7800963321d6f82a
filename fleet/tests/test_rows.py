"""How lines of an enrolment file are read, and what is said of those that are wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.planning import Known, Registry, plan
from fleet.rows import COLUMNS, LENGTHS, LINE_BYTES_MAX, Fault, HeadFault, Row, faults_of, read_head
from transactions.models import Life

HEAD = "tax_id,retailer,store_reference,store,address,place,kind,label"
OWN_HEAD = "store_reference,store,address,place,kind,label"


def row(line: int = 2, **cells: str) -> Row:
    usual = {"tax_id": "CZ1", "retailer": "Corner Shops", "store_reference": "12", "store": "Mill Lane", "label": "1"}
    return Row(line, *[{**usual, **cells}.get(name, "") for name in COLUMNS])


def test_a_line_is_read_by_the_names_of_the_first() -> None:
    head = read_head("\ufefflabel;STORE_REFERENCE ;tax_id", is_one_retailers=False)
    assert head.row(7, "till 1;12;CZ1") == row(7, retailer="", store="", label="till 1")
    assert head.row(8, '"till; 1";12;CZ1') == row(8, retailer="", store="", label="till; 1")
    assert head.row(9, "1") == row(9, tax_id="", retailer="", store="", store_reference="")
    assert head.row(10, " ; ;") is None


def test_a_file_of_one_retailer_does_not_say_whose_it_is() -> None:
    assert read_head(OWN_HEAD, is_one_retailers=True).width == 6
    with pytest.raises(HeadFault, match=r"no column “tax_id”.*no column “retailer”"):
        read_head(HEAD, is_one_retailers=True)


def test_everything_that_is_wrong_with_the_first_line_is_named() -> None:
    with pytest.raises(HeadFault) as fault:
        read_head("shop,label,label", is_one_retailers=False)
    said = str(fault.value)
    assert "no column “shop”" in said
    assert "“label” stands there twice" in said
    assert "“tax_id” is missing" in said
    assert "“store_reference” is missing" in said


def test_a_corrected_file_of_faults_is_read_as_it_is() -> None:
    head = read_head(f"{HEAD},fault_line,fault_columns,faults", is_one_retailers=False)
    assert head.row(2, "CZ1,Corner Shops,12,Mill Lane,,,,1,44,label,Is empty.") == row()


@pytest.mark.parametrize("text", ['12,"Mill Lane,,,,1', '12,Mill,"a"b,,,1'])
def test_a_quotation_mark_that_is_not_closed_spoils_its_own_line_only(text: str) -> None:
    head = read_head(OWN_HEAD, is_one_retailers=True)
    found = head.row(2, text)
    assert isinstance(found, Fault)
    assert "quotation mark" in found.text
    assert isinstance(head.row(3, "12,Mill Lane,,,,2"), Row)


def test_a_line_with_too_many_cells_is_no_row() -> None:
    found = read_head(OWN_HEAD, is_one_retailers=True).row(2, "12,Mill Lane,1 Mill Lane, Brno,Brno,,1")
    assert isinstance(found, Fault)
    assert "7 cells for 6 columns" in found.text


def test_all_faults_of_a_row_are_named_with_their_columns() -> None:
    wrong = row(tax_id="", store_reference="", label="", kind="shop", address="x" * 241, place="a\x07b")
    assert [fault.column for fault in faults_of(wrong, is_one_retailers=False)] == [
        "tax_id", "store_reference", "label", "address", "place", "kind",
    ]  # fmt: skip
    assert [fault.column for fault in faults_of(row(tax_id="", retailer=""), is_one_retailers=True)] == []


def test_a_row_of_the_longest_cells_fits_a_line() -> None:
    longest = [f'"{"𝕏" * size}"' for size in LENGTHS.values()]
    assert len(",".join(longest).encode()) <= LINE_BYTES_MAX
    whole = Row(2, *["𝕏" * size if name != "kind" else "" for name, size in LENGTHS.items()])
    assert faults_of(whole, is_one_retailers=False) == []


@given(st.text(max_size=300))
def test_no_line_is_too_odd_to_be_told_apart(text: str) -> None:
    line = text.replace("\n", " ").replace("\r", " ")
    found = read_head(OWN_HEAD, is_one_retailers=True).row(2, line)
    if isinstance(found, Row):
        faults_of(found, is_one_retailers=True)


def test_new_retailers_and_stores_are_made_as_rows_name_them() -> None:
    made = plan(
        [row(), row(3, label="2"), row(4, store_reference="13", store="", label="1")],
        Registry(),
        is_one_retailers=False,
    )
    assert made.retailers == {"CZ1": "Corner Shops"}
    assert list(made.stores) == [("CZ1", "12")]
    assert list(made.tills) == [("CZ1", "12", "1"), ("CZ1", "12", "2")]
    assert made.outcomes[2].faults == (Fault("store", "Is empty, and the store is new. Give its name."),)


def test_a_till_that_is_there_is_no_second_one() -> None:
    registry = Registry(
        {"CZ1": Known(1, "corner  SHOPS")}, {("CZ1", "12"): Known(5, "Mill Lane")}, {("CZ1", "12", "1"): 640}
    )
    made = plan([row(), row(3, label="2"), row(4, label="2")], registry, is_one_retailers=False)
    assert [(one.is_there, one.number) for one in made.outcomes] == [(True, 640), (False, None), (True, None)]
    assert len(made.tills) == 1


def test_names_that_contradict_what_is_known_are_faults() -> None:
    registry = Registry({"CZ1": Known(1, "Corner Shops")}, {("CZ1", "12"): Known(5, "Mill Lane")})
    wrong = row(retailer="Rival Foods", store="Oak Avenue")
    made = plan([wrong, row(3, retailer="", store="")], registry, is_one_retailers=False)
    assert [fault.column for fault in made.outcomes[0].faults] == ["retailer", "store"]
    assert not made.outcomes[1].faults
    # Two rows of one file contradict each other in the same way.
    made = plan([row(), row(3, store="Oak Avenue", label="2")], Registry(), is_one_retailers=False)
    assert [fault.column for fault in made.outcomes[1].faults] == ["store"]


def test_nothing_is_enrolled_where_all_is_over() -> None:
    registry = Registry({"CZ1": Known(1, "Corner Shops", Life.RETIRED)})
    made = plan([row()], registry, is_one_retailers=False)
    assert [fault.column for fault in made.outcomes[0].faults] == ["tax_id"]
    assert [made.retailers, made.stores, made.tills] == [{}, {}, {}]


def test_a_faulty_row_makes_neither_retailer_nor_store() -> None:
    made = plan([row(label="")], Registry(), is_one_retailers=False)
    assert [made.retailers, made.stores] == [{}, {}]
