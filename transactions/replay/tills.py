"""Whose tills a replay drives: the demo registry's terminals and tokens, by the real store of the baskets."""

from collections.abc import Iterable

from transactions import demo
from transactions.authentication import mint_gateway_token, mint_terminal_token
from transactions.models import Terminal
from transactions.replay.lanes import StoreTills


class RegistryMissingError(Exception):
    """The demo stores or their terminals are not there."""


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
            raise RegistryMissingError("the demo stores are not there yet: run `manage.py demo` first")
        retailer = own[0].store.retailer
        tills[source_store] = StoreTills(
            retailer=retailer.pk,
            gateway_token=mint_gateway_token(retailer.pk, retailer.gateway_version),
            terminals=tuple((t.number, mint_terminal_token(t.number, t.key_version)) for t in own),
        )
    return tills
