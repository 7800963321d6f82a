"""Wrong settings of witnesses are found before the first checkpoint, each named."""

import pytest
from django.test import override_settings

from ledger import checks
from ledger.log.notes import LOG_KEY, WITNESS_KEY, NoteError, new_signer
from ledger.witness.configured import configured, read_witness

VKEYS = [new_signer(f"w{number}.example/1", WITNESS_KEY).verifier.vkey for number in range(3)]
ENTRIES = [f"{vkey} https://w{number}.example/witness/" for number, vkey in enumerate(VKEYS)]


def found(witnesses: list[str], quorum: int = 0) -> list[str | None]:
    with override_settings(WITNESSES=witnesses, WITNESS_QUORUM=quorum):
        return [fault.id for fault in checks.witnesses_are_usable(None)]


def test_good_settings_pass() -> None:
    assert found([]) == []
    assert found(ENTRIES, 2) == []
    assert found([f" {ENTRIES[0]} "], 1) == []
    with override_settings(WITNESSES=ENTRIES):
        assert [one.url for one in configured()] == [f"https://w{number}.example/witness" for number in range(3)]


@pytest.mark.parametrize(
    "entry",
    [
        VKEYS[0],
        f"https://w.example {VKEYS[0]}",
        f"{VKEYS[0]} w.example",
        f"{VKEYS[0]} ftp://w.example",
        f"{VKEYS[0]} https://",
        f"{VKEYS[0]} https://w.example:port",
        f"{VKEYS[0]} https://w.example/?a=b",
        f"{VKEYS[0][:-4]}AAA= https://w.example",
        f"{new_signer('log.example', LOG_KEY).verifier.vkey} https://w.example",
        "x",
    ],
    # Without the keys, which are new in every process.
    ids=range(10),
)
def test_an_entry_that_cannot_be_used_is_named(entry: str) -> None:
    assert found([entry, ENTRIES[1]]) == ["ledger.E001"]
    with pytest.raises(NoteError):
        read_witness(entry)


def test_a_server_that_was_started_all_the_same_goes_on_without_it(caplog: pytest.LogCaptureFixture) -> None:
    with override_settings(WITNESSES=["x", ENTRIES[1]]):
        assert configured() == configured() == [read_witness(ENTRIES[1])]
    assert caplog.text.count("ALARM an entry of WITNESSES is passed over") == 1


def test_a_witness_counts_once() -> None:
    assert found([ENTRIES[0], f"{VKEYS[0]} https://elsewhere.example"]) == ["ledger.E002"]


@pytest.mark.parametrize("quorum", [-1, 4])
def test_a_quorum_that_cannot_be_reached_is_an_error(quorum: int) -> None:
    assert found(ENTRIES, quorum) == ["ledger.E003"]


def test_production_is_warned_when_nobody_outside_watches() -> None:
    def warned(witnesses: list[str], quorum: int, *, local: bool = False) -> list[str | None]:
        with override_settings(LOCAL_WORK=local, WITNESSES=witnesses, WITNESS_QUORUM=quorum):
            return [fault.id for fault in checks.somebody_outside_watches(None)]

    assert warned([], 0) == ["ledger.W001"]
    assert warned(ENTRIES, 0) == ["ledger.W001"]
    assert warned(ENTRIES, 2) == []
    assert warned([], 0, local=True) == []
