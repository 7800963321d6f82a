"""The whole life of a till by the client package, against the running product: gunicorn, Valkey, PostgreSQL, Celery.

The network is a TCP proxy that the test cuts, the clock is told to the till, the disk is bounded by a quota of the
queue's file. At the end every acknowledged sale must be in the ledger exactly once, as it was sent.
"""

import http.client
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection

from ledger.models import Entry, MarkedRecord, identity_of
from ledger.queries import Recorded, find_recorded
from ledger.records import sale_bytes
from possys.embedded.ports import HOST, free_port
from possys.embedded.site import site_programs
from possys.embedded.web import wait_until_answers
from possys_till import (
    Blocked,
    Line,
    Payment,
    Receipt,
    Refused,
    Rules,
    SaleRefused,
    Settings,
    StorageError,
    Till,
)
from possys_till.backoff import Backoff
from tests.factories import make_retailer, make_store
from transactions.enrolment.operations import issue_code
from transactions.models import Life, RegistryStep, Terminal, TerminalKey
from transactions.operations import change_status, enrol_terminals
from transactions.sale import SEQUENCE_MAX

LIMIT_S = 60
SECRETS = ("TERMINAL_KEY", "CODE_KEYS", "TEST_CODE_KEYS", "SECRET_KEY", "SECOND_FACTOR_KEY")
RULES = Rules(currency="CZK", taxes={"A": "12.00", "Z": None}, cash_rounding=100)
MILK = Line("Whole milk 1 l", 2550, "A", quantity=2, sku="A-1", gtin="4006381333931", category="Dairy")
HAM = Line("Ham, sliced", 18990, "A", quantity="0.312", unit="kg", discount=705)
STAFF = "staff anna"


class Wire:
    """The network between till and server: `state` is whole, cut (in the middle of the next answer), or down."""

    def __init__(self, upstream: int) -> None:
        self.port, self.state, self.cuts = free_port(), "whole", 0
        self._upstream = (HOST, upstream)
        self._listener = socket.create_server((HOST, self.port))
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def down(self) -> None:
        """Nothing gets through, and what is open breaks."""
        self.state = "down"
        for one in list(self._open):
            self._close(one)

    def close(self) -> None:
        """For good."""
        self.down()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                till, _ = self._listener.accept()
                if self.state == "down":
                    till.close()
                    continue
                server = socket.create_connection(self._upstream)
                self._open |= {till, server}
                for source, target, answers in ((till, server, False), (server, till, True)):
                    threading.Thread(target=self._pump, args=(source, target, answers), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if answers and self.state == "cut":
                    self.state, self.cuts = "whole", self.cuts + 1
                    target.sendall(data[: len(data) // 2])
                    break
                target.sendall(data)
        self._close(source)
        self._close(target)

    def _close(self, one: socket.socket) -> None:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
        self._open.discard(one)


@dataclass
class Stage:
    """A till's world: the server's port, the wire, the terminal's row, the till, and what it was acknowledged."""

    port: int
    wire: Wire
    terminal: Terminal
    folder: Path
    clock_off: timedelta = timedelta()
    acknowledged: dict[int, str] = field(default_factory=dict)
    opened: Till | None = None

    @property
    def till(self) -> Till:
        """The till, once it is enrolled."""
        assert self.opened is not None
        return self.opened

    @property
    def url(self) -> str:
        """The server, as the till reaches it."""
        return f"http://{HOST}:{self.wire.port}"

    @property
    def settings(self) -> Settings:
        """Quick probes; a loaded machine gets more time for an answer than a customer would give."""
        return Settings(
            answer_limit_s=15.0,
            backoff=Backoff(first_s=0.05, most_s=0.3),
            blocked_look_s=0.2,
            now=lambda: datetime.now(UTC).astimezone() + self.clock_off,
        )

    def enrol(self, code: str) -> None:
        """Exchanges a code; the till is open from then on."""
        self.opened = Till.enrol(self.url, code, self.folder, RULES, settings=self.settings)

    def restart(self) -> None:
        """Ends the till's program and starts it again."""
        self.till.close()
        self.opened = Till(self.folder, RULES, settings=self.settings)

    def move_on(self, status: Life, reason: str) -> None:
        """Staff changes the terminal's status; its row is read anew."""
        change_status(self.terminal, status, reason=reason, by=STAFF)
        self.terminal.refresh_from_db()

    def late(self) -> list[int]:
        """Notes the codes that came late; the sales that got one, in order."""
        told = [one.sequence for one in self.till.news() if one.kind == "accepted" and one.sequence is not None]
        for sequence in told:
            self.note(self.till.find(sequence))
        return told

    def back_online(self) -> None:
        """The network is whole again; waits until the queue is empty and the circuit closed."""
        self.wire.state = "whole"
        self.till.look_now()
        assert self.till.drain(LIMIT_S), self.till.status()
        until(lambda: self.till.status().online, "the probe")

    def recorded(self, receipt: Receipt) -> Recorded:
        """The sale's record, which the flush brings within a second or some."""
        day = receipt.issued_at.date()
        found: list[Any] = []

        def is_there() -> bool:
            found[:] = [find_recorded(self.terminal.number, receipt.sequence, day)]
            return found[0] is not None

        until(is_there, f"the record of sale {receipt.sequence}")
        assert isinstance(found[0], Recorded)
        return found[0]

    def note(self, receipt: Receipt) -> Receipt:
        """A receipt in the customer's hand."""
        if receipt.code is not None and receipt.standing == "accepted":
            assert self.acknowledged.setdefault(receipt.sequence, receipt.code) == receipt.code
        return receipt

    def page(self, address: str) -> str:
        """What a customer reads who scans a receipt's QR code; goes where the page leads."""
        for _ in range(3):
            line = http.client.HTTPConnection(HOST, self.port, timeout=LIMIT_S)
            parts = urlsplit(address)
            line.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
            answer = line.getresponse()
            text = answer.read().decode()
            line.close()
            if (address := answer.getheader("Location", "")) == "":
                return re.sub(r"<[^>]+>", " ", text)
        raise AssertionError("redirected too often")


@pytest.fixture
def stage(ledger: redis.Redis, tmp_path: Path) -> Iterator[Stage]:
    """The product on the test's own database and stores; tokens end within the time of notice, so tills renew them."""
    port = free_port()
    own = connection.settings_dict
    site = f"http://{HOST}:{port}"
    environment = {
        **os.environ,
        **{name: getattr(django_settings, name) for name in SECRETS},
        "DATABASE_URL": f"postgres://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}",
        "REDIS_URL": django_settings.REDIS_URL, "BROKER_URL": django_settings.BROKER_URL,
        "DEBUG": "0", "DEMO": "1", "SITE_URL": site, "CREDENTIAL_DAYS": "30",
    }  # fmt: skip
    (tmp_path / "log").mkdir()
    programs = [
        one for one in site_programs(tmp_path, environment, port) if one.name in ("flush worker", "gunicorn")
    ]  # fmt: skip
    for program in programs:
        program.start()
    try:
        wait_until_answers(port, lambda: None)
        store = make_store(make_retailer("Corner Shop Ltd"))
        (terminal,) = enrol_terminals(store=store, count=1, status=Life.ENROLLED, by=STAFF)
        wire = Wire(port)
        made = Stage(port, wire, terminal, tmp_path / "till")
        yield made
        wire.close()
        if made.opened is not None:
            made.opened.close()
    finally:
        for program in reversed(programs):
            program.stop()


def until(happened: Callable[[], Any], what: str) -> None:
    """Waits for something in the background."""
    end_s = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < end_s, f"{what} did not happen"
        time.sleep(0.02)


def test_the_whole_life_of_a_till(stage: Stage) -> None:
    is_enrolled_although_the_answer_is_lost(stage)
    sells_while_its_credential_is_renewed(stage)
    gives_back_and_copies(stage)
    keeps_a_sale_whose_answer_is_cut(stage)
    sells_offline_and_comes_back(stage)
    sells_nothing_on_a_full_disk(stage)
    has_a_wrong_clock(stage)
    corrects_a_refused_sale_under_its_number(stage)
    is_suspended_and_active_again(stage)
    is_lost_and_enrolled_again(stage)
    everything_acknowledged_is_in_the_ledger_once(stage)


def is_enrolled_although_the_answer_is_lost(stage: Stage) -> None:
    code = issue_code(stage.terminal, by=STAFF)
    stage.wire.state = "cut"
    stage.enrol(code)
    assert stage.wire.cuts == 1
    stage.terminal.refresh_from_db()
    assert (stage.terminal.status, stage.terminal.signing_key) == (Life.ACTIVE, 1)
    assert stage.till.status().fingerprint is not None
    with pytest.raises(Refused, match="exchanged already"):
        Till.enrol(stage.url, code, stage.folder.with_name("thief"), RULES)


def sells_while_its_credential_is_renewed(stage: Stage) -> None:
    before, receipts = stage.till.credential, list[Receipt]()

    def cashier() -> None:
        receipts.extend(stage.till.sell([MILK, HAM], [Payment("cash", tendered=20000)]) for _ in range(8))

    cashiers = [threading.Thread(target=cashier) for _ in range(3)]
    for one in cashiers:
        one.start()
    for one in cashiers:
        one.join()
    until(lambda: stage.till.credential.token != before.token, "the renewal")
    receipts.append(stage.till.sell([MILK]))
    for receipt in receipts:
        assert receipt.standing == "accepted", receipt.warnings
        stage.note(receipt)
    assert sorted(receipt.sequence for receipt in receipts) == list(range(1, 26))
    assert stage.till.credential.key is not None
    assert stage.till.credential.key.number == 2
    steps = RegistryStep.objects.filter(terminal=stage.terminal.number, kind=RegistryStep.Kind.CREDENTIAL)
    assert steps.count() == 2, "one at the enrolment, and one renewal however many answers gave notice"


def gives_back_and_copies(stage: Stage) -> None:
    sold = stage.note(stage.till.sell([MILK, HAM], [Payment("card")]))
    assert sold.code is not None
    part = stage.note(stage.till.refund(sold.code, {0: 1}, reason="sour"))
    assert (part.total, part.sale["refers_to"]) == (-2550, sold.code)
    assert [stage.till.copy(sold.code).copy for _ in range(2)] == [1, 2]


def keeps_a_sale_whose_answer_is_cut(stage: Stage) -> None:
    stage.late()
    stage.wire.state = "cut"
    receipt = stage.till.sell([HAM])
    assert (receipt.standing, receipt.sale["mode"]) == ("offline", "online")
    stage.back_online()
    assert stage.late() == [receipt.sequence]
    # The printed address leads to the receipt.
    stage.recorded(receipt)
    assert "52.00" in stage.page(receipt.qr_text)


def sells_offline_and_comes_back(stage: Stage) -> None:
    stage.wire.down()
    printed = [stage.till.sell([MILK]) for _ in range(6)]
    assert [one.standing for one in printed] == ["offline"] * 6
    assert [one.sale["mode"] for one in printed] == ["online"] + ["offline"] * 5
    # Signed by the till's own key, as the customer's page says before the sale has come.
    assert str(stage.till.status().fingerprint) in stage.page(printed[5].qr_text)
    stage.restart()
    printed.append(stage.till.sell([MILK]))
    assert stage.till.status().waiting == 7
    stage.back_online()
    assert stage.late() == [one.sequence for one in printed]
    places = [stage.recorded(one)[:3] for one in printed]
    assert places == sorted(places), "recorded in the order in which they were made"
    assert "51.00" in stage.page(printed[5].qr_text)


def sells_nothing_on_a_full_disk(stage: Stage) -> None:
    before = stage.till.last()
    assert before is not None
    # The last pages of the quota go to sales that are taken.
    stage.till._queue.limit_pages(stage.till._queue.pages)
    with pytest.raises(StorageError, match=r"Nothing was sold.*full"):
        sell_for_ever(stage)
    stage.till._queue.limit_pages(10**6)
    full = stage.till.last()
    assert full is not None
    assert stage.till.drain(LIMIT_S)
    assert stage.note(stage.till.sell([MILK])).sequence == full.sequence + 1
    for sequence in range(before.sequence + 1, full.sequence + 1):
        stage.note(stage.till.find(sequence))


def sell_for_ever(stage: Stage) -> None:
    """Sells large baskets until something stops it."""
    basket = [Line("x" * 120, 100, "A", category="y" * 60) for _ in range(20)]
    while stage.till.sell(basket).sequence < 10_000:
        pass


def has_a_wrong_clock(stage: Stage) -> None:
    stage.clock_off = -timedelta(hours=3)
    receipt = stage.note(stage.till.sell([MILK]))
    assert receipt.warnings[0] == "this till's clock is 3 h behind the server's: set it right"
    assert any(one.startswith("clock: ") for one in receipt.warnings), "the server noticed, too"
    # Days ahead, while nobody can tell it: the server refuses such a day.
    stage.wire.down()
    stage.clock_off = timedelta(days=3)
    printed = stage.till.sell([MILK])
    stage.clock_off = timedelta()
    following = stage.till.sell([HAM])
    stage.back_online()
    assert stage.till.status().clock is None
    ((refused, status, words),) = stage.till.aside()
    assert (refused.sequence, status) == (printed.sequence, 422)
    assert "/issued_at" in words
    assert stage.late() == [following.sequence], "the rest goes on"
    stage.till.correct(printed.sequence, issued_at=stage.settings.now())
    assert stage.till.drain(LIMIT_S)
    assert stage.late() == [printed.sequence]
    stage.recorded(stage.till.find(printed.sequence))
    assert "51.00" in stage.page(printed.qr_text), "the address that was printed leads on"


def corrects_a_refused_sale_under_its_number(stage: Stage) -> None:
    stage.till.rules = Rules(currency="CZZ", taxes=RULES.taxes)
    with pytest.raises(SaleRefused, match="not an ISO 4217 currency") as refused:
        stage.till.sell([MILK])
    stage.till.rules = RULES
    assert stage.note(stage.till.sell([HAM])).sequence == refused.value.sequence + 1
    stage.till.correct(refused.value.sequence, [MILK])
    assert stage.till.drain(LIMIT_S)
    assert stage.late() == [refused.value.sequence]


def is_suspended_and_active_again(stage: Stage) -> None:
    stage.wire.down()
    waiting = stage.till.sell([MILK])
    stage.move_on(Life.SUSPENDED, "rent not paid")
    stage.wire.state = "whole"
    stage.till.look_now()
    until(lambda: stage.till.status().standing == "suspended", "the refusal")
    with pytest.raises(Blocked, match="suspended"):
        stage.till.sell([MILK])
    assert stage.till.status().waiting == 1
    # It stays so when the program is started again.
    stage.restart()
    with pytest.raises(Blocked, match="suspended"):
        stage.till.sell([MILK])
    stage.move_on(Life.ACTIVE, "paid")
    stage.back_online()
    assert stage.late() == [waiting.sequence]
    assert stage.note(stage.till.sell([MILK])).sequence == waiting.sequence + 1
    # Suspended between two sales: the one that meets it is kept for a person, and sent as it is when all is well.
    stage.move_on(Life.SUSPENDED, "again")
    with pytest.raises(Blocked, match="is kept"):
        stage.till.sell([HAM])
    ((kept, _, _),) = stage.till.aside()
    stage.move_on(Life.ACTIVE, "paid")
    until(lambda: stage.till.status().standing == "active", "the question")
    stage.till.correct(kept.sequence)
    assert stage.till.drain(LIMIT_S)
    assert stage.late() == [kept.sequence]


def is_lost_and_enrolled_again(stage: Stage) -> None:
    stage.wire.down()
    waiting = stage.till.sell([MILK])
    stage.move_on(Life.LOST, "stolen from the counter")
    stage.wire.state = "whole"
    stage.till.look_now()
    until(lambda: stage.till.status().standing == "replaced", "the refusal")
    with pytest.raises(Blocked, match="sells nothing"):
        stage.till.sell([MILK])
    stage.till.close()
    stage.enrol(issue_code(stage.terminal, by=STAFF))
    stage.back_online()
    assert stage.late() == [waiting.sequence]
    assert stage.note(stage.till.sell([MILK])).sequence == waiting.sequence + 1


def everything_acknowledged_is_in_the_ledger_once(stage: Stage) -> None:
    number, last = stage.terminal.number, stage.till.last()
    assert last is not None
    # Every number of the till is accounted for, and none was used for two sales.
    assert sorted(stage.acknowledged) == list(range(1, last.sequence + 1))
    for sequence, code in stage.acknowledged.items():
        found = stage.recorded(stage.till.find(sequence))
        assert found.record.code == code
        assert sale_bytes(found.raw) == stage.till._queue.find(sequence).body
    entries = Entry.objects.filter(
        identity__gte=identity_of(number, 1), identity__lte=identity_of(number, SEQUENCE_MAX)
    )  # fmt: skip
    assert entries.count() == len(stage.acknowledged)
    assert not MarkedRecord.objects.exists(), "nothing came twice or with other content"
    assert TerminalKey.objects.filter(terminal=number).count() >= 3
