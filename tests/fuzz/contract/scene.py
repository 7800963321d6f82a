"""What is there when the API is fuzzed: two retailers with tills and receipts, and credentials of each kind."""

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

from accounting.books.chart import open_books
from accounting.days.due import close_due
from ledger.feeding.running import feed_all
from ledger.feeding.tokens import issue
from ledger.log.checkpointer import catch_up
from ledger.shards import ALL_SHARDS
from portal.keys.operations import KEYS_MAX, make_key
from portal.models import Membership
from portal.rights import Role
from possys import receipt_keys
from possys.clock import now_ms, utc
from tests.cast import make_member
from tests.factories import make_refund, make_retailer, make_store, make_terminals, moment, sale_bytes
from tests.tills import Till
from transactions.enrolment.operations import issue_codes

# A key may ask 600 times a minute; so many owners with as many keys as each may have ask as often as fuzzing wants to.
OWNERS = 3
# Sales of each till, on as many days.
SALES = 3


class Scene(NamedTuple):
    """Credentials, and what requests can be about, by the names that contract/schemathesis.toml and hooks.py read."""

    tills: list[str]
    gateways: list[str]
    keys: list[str]
    feeds: list[str]
    words: dict[str, list[str]]


def make_scene(flush_everything: Callable[[], object]) -> Scene:
    """Sells, seals, signs and feeds; the tills that fuzzing sends for are another retailer's than the one with keys."""
    retailer, other = make_retailer("Corner Shops"), make_retailer("Rival Foods")
    stores = [make_store(retailer, name=name) for name in ("High Street", "Mill Lane")]
    tills = [Till(one) for store in stores for one in make_terminals(store, 2)]
    sending = [Till(one) for one in make_terminals(make_store(other), 2)]
    codes = [code for till in (*tills, *sending) for code in _sold(till)]
    flush_everything()
    codes.append(sending[1].send(make_refund(codes[-1], terminal=sending[1].number, sequence=100)).json()["code"])
    flush_everything()
    now = utc(now_ms())
    catch_up()
    assert feed_all(ALL_SHARDS, now).stopped == {}
    open_books(retailer.pk)
    close_due(now)
    return Scene(
        tills=[till.token for till in sending],
        gateways=[sending[0].gateway_token],
        keys=_keys(retailer),
        feeds=[issue("fuzzing", now)],
        words={
            "retailer": [str(retailer.pk)],
            "store": [str(store.pk) for store in stores],
            "till": [str(till.number) for till in tills],
            "terminal": [str(till.number) for till in sending],
            "code": [*codes, *map(receipt_keys.links().ending_of, codes[-3:])],
            "enrolment": list(issue_codes([till.terminal for till in tills], activates=True, by="a test").values()),
            "size": ["1", "2"],
            "sequence": [str(number + 1) for number in range(SALES)],
            "issued_on": [f"{now:%Y-%m-%d}"],
            "total": ["5100"],
        },
    )


def _sold(till: Till) -> list[str]:
    """Sales of the last days; their codes."""
    sales = [till.sale(issued_at=moment(days=-day), mode="offline") for day in range(SALES)]
    answers: list[dict[str, Any]] = till.send_batch(map(sale_bytes, sales), token=till.gateway_token).json()["results"]
    return [answer["code"] for answer in answers]


def _keys(retailer: Any) -> list[str]:
    now = utc(now_ms())
    owners: list[Membership] = [make_member(retailer, Role.OWNER, name=f"owner-{number}") for number in range(OWNERS)]
    return [
        make_key(owner, name=f"key {count}", now=now) for owner, count in itertools.product(owners, range(KEYS_MAX))
    ]
