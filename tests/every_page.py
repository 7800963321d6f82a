"""Every page and state that a customer can meet, with the way to it, for tests that look at all of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import zstandard
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from ledger.log.checkpointer import catch_up
from lottery.draws import operations
from lottery.draws.models import Draw
from lottery.entries.models import Entry
from lottery.players.codes import code_of
from lottery.players.contacts import read_contact
from lottery.players.operations import ask, confirm
from lottery.prizes.models import Claim, Win
from lottery.tests.factories import (
    MINUTE,
    drawn_draw,
    frozen_draw,
    make_entry,
    make_player,
    make_staff,
    now,
    open_draw_now,
    published_draw,
)
from possys.clock import now_ms, utc
from possys.codes import Environment
from receipts.cases.models import Case, State
from receipts.cases.tests.conftest import REPORT, filled_in
from receipts.cases.tests.test_case_page import worked
from receipts.tests.test_pages import invented, mistyped, of_no_key
from receipts.watches.models import Watch
from receipts.watches.tokens import Purpose, token_of
from tests.factories import make_line, make_refund, make_terminals, moment
from tests.keys import give_key
from tests.links import full_address
from tests.tampering import triggers_off
from tests.tills import Till

# What a customer typed, in no language.
TYPED = "X-1"


class Asked(NamedTuple):
    """A page: where it is, and what is sent to it (nothing: it is only opened)."""

    name: str
    path: str
    fields: dict[str, Any] | None = None


class Receipts:
    """A receipt in every state, recorded once for all languages."""

    def __init__(self, till: Till, flush_everything: Callable[[], object]) -> None:
        self.till, self.flush_everything = till, flush_everything
        self.yesterday = f"{utc(now_ms()) - timedelta(days=1):%Y-%m-%d}"
        self.codes = {
            "recorded": self.record(tendered=6000, payments=[{"method": "cash", "amount": 5100}]),
            "late": self.record(issued_at=moment(days=-1), mode="offline"),
            "too-late": self.record(issued_at=moment(days=-3), mode="offline"),
            "removed": self.record(),
        }
        taken_back: dict[str, dict[str, Any]] = {
            "refunded": {},
            "partly-refunded": {"lines": [make_line(quantity="-1", amount=-2550)]},
            "voided": {"type": "void"},
        }
        for name, changes in taken_back.items():
            self.codes[name] = self.record()
            self.codes[f"back of {name}"] = self.record(**make_refund(self.codes[name], **changes))
        for clock in ("10:07:10", "10:07:20", *(f"11:07:{second}" for second in range(10, 14))):
            self.record(issued_at=f"{self.yesterday}T{clock}+01:00", mode="offline")
        catch_up()
        call_command("remove_record", self.codes["removed"], reason="law", yes=True)
        # The till has this number behind it, and nobody has its sale.
        till.sequence += 1
        self.missing = invented(terminal=till.number, sequence=till.sequence)
        self.signing = give_key(Till(make_terminals(till.terminal.store)[0]))
        self.corrected = self.corrected_paper()
        self.draws = Draws()
        self.codes["damaged"] = self.record()
        _damage_last_block()
        self.codes["accepted"] = self.sent()

    def corrected_paper(self) -> str:
        """The address on a signed paper whose total and minute the till corrected before it sent the sale."""
        own, issued = self.signing.till, utc(now_ms()) - timedelta(hours=3)
        own.send(self.signing.signed(own.sale(mode="offline", issued_at=issued.isoformat(timespec="milliseconds"))))
        self.flush_everything()
        return self.signing.address(issued - timedelta(minutes=2), sequence=own.sequence, total=5000)

    def record(self, **changes: Any) -> str:
        """Sends a sale and flushes it; its code."""
        code = self.sent(**changes)
        self.flush_everything()
        return code

    def sent(self, **changes: Any) -> str:
        """Sends a sale, the till's next; its code."""
        changes = {name: value for name, value in changes.items() if name not in {"terminal", "sequence"}}
        answer = self.till.send(self.till.sale(**changes))
        assert answer.status == 201, answer.body
        return str(answer.json()["code"])


class Draws:
    """A draw in every state that customers see, held once for all languages."""

    def __init__(self) -> None:
        moment = now() + timedelta(days=3)
        beacon = {"mode": Draw.Mode.DRAND, "takes_offline": False, "takes_business": True, "claim_days": 1}
        tickets = {"ticket_each": 5000, "double_methods": ["card"], "tickets_a_receipt_max": 1}
        self.published = published_draw(3, name=TYPED)
        self.frozen = frozen_draw(1, name=TYPED)
        drawn_draw(1, name=TYPED)
        self.open = [
            open_draw_now(name=TYPED),
            open_draw_now(
                name=TYPED, takes_online=False, entries_until=moment, freezes_at=moment, draws_at=moment + MINUTE
            ),
            open_draw_now(name=TYPED, **beacon, **tickets),
        ]
        make_entry(self.open[0], make_player())
        # Untouched, refused, claimed.
        self.wins = list(self.published.wins.order_by("number"))
        self.wins[1].state, self.wins[1].reason = Win.State.REFUSED, TYPED
        self.wins[2].state = Win.State.CLAIMED
        for win in self.wins[1:]:
            win.save()
        Claim.objects.create(win=self.wins[2], payee=TYPED, account="CZ6508000000192000145399", claimed_at=now())
        operations.postpone(self.open[0], moment, make_staff("anna"), TYPED, now())


def every_page(receipts: Receipts, client: Client, language: str) -> list[Asked]:
    """All pages in this order: some of the later ones change what there is."""
    return [
        *_finding(receipts),
        *_codes(receipts),
        *_searching(receipts),
        *_reporting(client, language),
        *_watching(receipts, client, language),
        *_lottery(receipts, language),
    ]


def _finding(receipts: Receipts) -> list[Asked]:
    good = receipts.codes["recorded"]
    return [
        Asked("find", "/"),
        Asked("typed-length", "/r/?code=ABCD"),
        Asked("typed-symbol", "/r/?code=ABCD-ABCD-ABCD-ABC%3F"),
        Asked("mistyped", f"/r/{mistyped(good)}"),
        Asked("page-not-found", "/no/such/page"),
        Asked("status", "/status/"),
        Asked("enrolment-code", "/E/0123456789ABCDEF"),
        Asked("printer-form", f"{full_address(good)}/receipt.bin?form=x"),
        Asked("printer-wide", f"{full_address(good)}/receipt.bin?module=16"),
        Asked("printer-module", f"{full_address(good)}/receipt.bin?module=99"),
    ]


def _codes(receipts: Receipts) -> list[Asked]:
    codes, till = receipts.codes, receipts.till
    now = datetime.now(UTC)
    by_code = {
        **codes,
        "not-genuine": of_no_key(),
        "missing": receipts.missing,
        "test": invented(Environment.TEST),
    }
    good = f"/r/{codes['recorded']}"
    totals = ("", "abc", "1" * 50, "-5-", "9" * 30)
    return [
        *(Asked(f"code-{name}", f"/r/{code}") for name, code in by_code.items()),
        *(Asked(f"full-{name}", full_address(code)) for name, code in codes.items()),
        Asked("due", f"/O/{till.number}.900.{now - timedelta(hours=2):%y%m%d%H%M}.5100"),
        Asked("overdue", f"/O/{till.number}.901.{now - timedelta(hours=61):%y%m%d%H%M}.5100"),
        Asked("due-signed", receipts.signing.address(now - timedelta(hours=2), sequence=900)),
        Asked("overdue-signed", receipts.signing.address(now - timedelta(hours=61), sequence=901)),
        Asked("corrected", receipts.corrected),
        Asked("total-wrong", good, {"total": "52"}),
        *(Asked(f"total-fault-{at}", good, {"total": total}) for at, total in enumerate(totals)),
    ]


def _searching(receipts: Receipts) -> list[Asked]:
    facts = {"number": receipts.till.number, "date": receipts.yesterday, "time": "10:07", "total": "51,00"}
    wrong = {"number": TYPED, "date": "1999-01-01", "time": TYPED, "total": TYPED}
    return [
        Asked("search", "/search/"),
        Asked("search-empty", "/search/", {}),
        Asked("search-wrong", "/search/", wrong),
        Asked("search-long", "/search/", {**wrong, "number": "1" * 15, "date": TYPED}),
        Asked("search-missed", "/search/", {**facts, "total": "52"}),
        Asked("search-several", "/search/", facts),
        Asked("search-crowded", "/search/", {**facts, "time": "11:07"}),
    ]


def _reporting(client: Client, language: str) -> list[Asked]:
    asked = [
        Asked("report", f"{REPORT}?code=ABCD&kind=amount"),
        Asked("report-empty", REPORT, {}),
        Asked("report-wrong-amount", REPORT, {"kind": "amount", "website": TYPED, "code": "ABCD"}),
        Asked("report-no-code", REPORT, {"kind": "amount", "what": TYPED}),
        Asked("report-none", REPORT, {"kind": "none", "what": TYPED}),
        Asked("report-symbol", REPORT, filled_in(what=TYPED, code="????????????????", bought_at=TYPED)),
        Asked("report-wrong", REPORT, filled_in(what=TYPED, code="FFFF-FFFF-FFFF-FFFF", amount=TYPED[0], contact="x@")),
        Asked("report-future", REPORT, filled_in(what=TYPED, bought_on="2099-01-01")),
        Asked("report-past", REPORT, filled_in(what=TYPED, bought_on="1999-01-01")),
        Asked("report-no-date", REPORT, filled_in(what=TYPED, bought_on=TYPED, kind="other")),
        Asked("report-long", REPORT, filled_in(what="x" * 3000, place="x" * 300, amount="1" * 99)),
    ]
    for state in State:
        cache.clear()
        contact = {"contact": f"{TYPED}@example.org", "is_mail_wanted": "on"}
        sent = client.post(f"{REPORT}?lang={language}", filled_in(what=TYPED, place=TYPED, code="", **contact))
        address = sent["Location"]
        case = Case.objects.get(number=address.split("/")[2])
        client.post(address, {"text": TYPED})
        worked(case, state=state, answer=TYPED if state == State.ANSWERED else "")
        asked.append(Asked(f"case-{state}", address))
        asked.append(Asked(f"case-{state}-empty", address, {"text": ""}))
    return asked


def _watching(receipts: Receipts, client: Client, language: str) -> list[Asked]:
    cache.clear()
    address = f"{full_address(receipts.codes['partly-refunded'])}/watch"
    client.post(f"{address}?lang={language}", {"address": f"{language}@example.org"})
    watch = Watch.objects.get(address=f"{language}@example.org")
    confirm, remove = (token_of(watch.pk, purpose) for purpose in (Purpose.CONFIRM, Purpose.REMOVE))
    return [
        Asked("watch", address),
        Asked("watch-empty", address, {"address": ""}),
        Asked("watch-wrong", address, {"address": TYPED}),
        Asked("watch-long", address, {"address": f"{'x' * 300}@example.org"}),
        Asked("watch-asked", address, {"address": f"{language}@example.net"}),
        Asked("watch-confirm", f"/watch/confirm/{confirm}"),
        Asked("watch-confirmed", f"/watch/confirm/{confirm}", {}),
        Asked("watch-remove", f"/watch/remove/{remove}"),
        Asked("watch-removed", f"/watch/remove/{remove}", {}),
        Asked("watch-gone", f"/watch/confirm/{confirm}"),
    ]


def _lottery(receipts: Receipts, language: str) -> list[Asked]:
    draws = receipts.draws
    numbers = [draws.published.number, *(draw.number for draw in draws.open)]
    return [
        Asked("lottery", "/lottery/"),
        Asked("lottery-results", "/lottery/results/"),
        Asked("lottery-result", f"/lottery/draws/{draws.published.number}/"),
        Asked("lottery-check", f"/lottery/draws/{draws.published.number}/check"),
        Asked("lottery-check-frozen", f"/lottery/draws/{draws.frozen.number}/check"),
        *(Asked(f"lottery-rules-{number}", f"/lottery/draws/{number}/rules") for number in numbers),
        Asked("lottery-stranger", f"{full_address(receipts.codes['recorded'])}/lottery"),
        *_signing_in(language),
        *_playing(receipts),
        Asked("lottery-data", "/lottery/my-data"),
        Asked("lottery-delete", "/lottery/my-data/delete"),
        Asked("lottery-deleted", "/lottery/my-data/delete", {}),
    ]


def _signing_in(language: str) -> list[Asked]:
    """The last one signs in, in whatever browser asks."""
    sign_in, contact = "/lottery/sign-in", read_contact(f"{language}@example.com")
    used, asked = (ask(contact, language, now()) for _ in range(2))
    # The player is there already, with something to look at.
    player = confirm(used.pk, code_of(used.pk), now())
    wins = Win.objects.filter(draw__name=TYPED, draw__state=Draw.State.PUBLISHED)
    Entry.objects.filter(wins__in=wins).update(player=player)
    return [
        Asked("lottery-sign-in", sign_in),
        Asked("lottery-sign-in-empty", sign_in, {}),
        Asked("lottery-sign-in-wrong", sign_in, {"contact": TYPED}),
        Asked("lottery-sign-in-sent", sign_in, {"contact": f"{language}@example.net", "agrees": "on"}),
        Asked("lottery-code", f"{sign_in}/{asked.pk}"),
        Asked("lottery-code-empty", f"{sign_in}/{asked.pk}", {}),
        Asked("lottery-code-wrong", f"{sign_in}/{asked.pk}", {"code": "1" if code_of(asked.pk) != "1" else "2"}),
        Asked("lottery-code-gone", f"{sign_in}/{used.pk}", {"code": code_of(used.pk)}),
        Asked("lottery-code", f"{sign_in}/{asked.pk}"),
        Asked("lottery-signed-in", f"{sign_in}/{asked.pk}", {"code": code_of(asked.pk)}),
    ]


def _playing(receipts: Receipts) -> list[Asked]:
    good, wins = f"{full_address(receipts.codes['recorded'])}/lottery", receipts.draws.wins
    claim = {"receipt": TYPED, "payee": "x" * 200, "account": TYPED}
    return [
        Asked("lottery-enter", good),
        Asked("lottery-entered", good, {}),
        *(
            Asked(f"lottery-enter-{name}", f"{full_address(receipts.codes[name])}/lottery")
            for name in ("voided", "partly-refunded")
        ),
        Asked("lottery-tickets", "/lottery/tickets"),
        Asked("lottery-ticket", f"/lottery/tickets/{wins[0].entry_id}"),
        *(Asked(f"lottery-claim-{number}", f"/lottery/claims/{win.pk}") for number, win in enumerate(wins)),
        Asked("lottery-claim-0", f"/lottery/claims/{wins[0].pk}"),
        Asked("lottery-claim-empty", f"/lottery/claims/{wins[0].pk}", {}),
        Asked("lottery-claim-wrong", f"/lottery/claims/{wins[0].pk}", claim),
    ]


def _damage_last_block() -> None:
    with triggers_off() as cursor:
        cursor.execute("SELECT number, body FROM ledger_block ORDER BY number DESC LIMIT 1")
        number, body = cursor.fetchone()
        raw = zstandard.ZstdDecompressor().decompress(bytes(body))
        damaged = zstandard.ZstdCompressor().compress(raw.replace(b'"total":5100', b'"total":9100'))
        cursor.execute("UPDATE ledger_block SET body = %s WHERE number = %s", [damaged, number])
