"""What a signed-in person may see of one retailer; every page of a service gets one and asks for nothing beyond it."""

from dataclasses import dataclass
from typing import NamedTuple

from portal.rights import RIGHTS, Right, Role


class ScopeStore(NamedTuple):
    """A store that may be seen."""

    id: int
    name: str
    shard: int


@dataclass(frozen=True, slots=True)
class Scope:
    """A person's view of a retailer: their role there and the stores they may see, ordered by name."""

    membership_id: int
    retailer_id: int
    retailer_name: str
    role: Role
    stores: tuple[ScopeStore, ...]
    # Whether the retailer's pages ask for a session that gave a second factor.
    needs_second_factor: bool = False

    @property
    def store_ids(self) -> tuple[int, ...]:
        """The stores' numbers, in the order of their names."""
        return tuple(store.id for store in self.stores)

    @property
    def shards(self) -> tuple[int, ...]:
        """The shards that hold sales of these stores, each once, ascending."""
        return tuple(sorted({store.shard for store in self.stores}))

    @property
    def rights(self) -> frozenset[Right]:
        """What the role may do; a template asks `{% if "export" in scope.rights %}`."""
        return RIGHTS[self.role]

    @property
    def sees_all_stores(self) -> bool:
        """Whether figures are the whole retailer's."""
        return self.role is not Role.STORE_MANAGER

    def may(self, right: Right) -> bool:
        """Whether the role has the right."""
        return right in self.rights
