"""Whose tills a replay drives: the demo registry's terminals and tokens, by the real store of the baskets."""

from collections.abc import Iterable

from django.db.models import Min

from transactions import demo
from transactions.authentication import mint_gateway_token, mint_terminal_token
from transactions.models import Retailer, Terminal
from transactions.replay.lanes import StoreTills

MISSING = "the demo stores are not there yet: run `manage.py demo` first"


class RegistryMissingError(Exception):
    """The demo stores or their terminals are not there."""


def registry_name() -> str:
    """What tells this demo registry from one in a database that was made anew. Raises RegistryMissingError."""
    names = [retailer.name for retailer in demo.RETAILERS]
    first = Retailer.objects.filter(name__in=names).aggregate(first=Min("created_at"))["first"]
    if first is None:
        raise RegistryMissingError(MISSING)
    return str(first.isoformat())


def demo_tills(stores: Iterable[int]) -> dict[int, StoreTills]:
    """The tills of these real stores. Raises RegistryMissingError naming the command that makes them."""
    found: dict[tuple[str, str], list[Terminal]] = {}
    terminals = Terminal.objects.select_related("store__retailer").filter(
        store__retailer__name__in=[retailer.name for retailer in demo.RETAILERS]
    )
    for terminal in terminals.order_by("number"):
        found.setdefault((terminal.store.retailer.name, terminal.store.name), []).append(terminal)
    planned = {store.source_store: store for store in demo.planned_stores()}
    tills = {}
    for source_store in sorted(set(stores)):
        store = planned[source_store]
        own = found.get((store.retailer.name, store.name))
        if not own:
            raise RegistryMissingError(MISSING)
        retailer = own[0].store.retailer
        tills[source_store] = StoreTills(
            retailer=retailer.pk,
            gateway_token=mint_gateway_token(retailer.pk, retailer.gateway_version),
            terminals=tuple((t.number, mint_terminal_token(t.number, t.key_version)) for t in own),
        )
    return tills
