"""What becomes of rows, given what is known: whose retailer and store is new, which till is there already. Pure.

The same for a dry run and for a real one; they differ in where what is known comes from, and in what is done next.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fleet.rows import Fault, Row, faults_of, same_name
from transactions.models import Life

RETIRED = Life.RETIRED


class Known(NamedTuple):
    """A retailer or store that is there; `id` is None where a dry run would only have made it."""

    id: int | None
    name: str
    status: str = Life.ACTIVE


# A retailer by tax id ("" where the file is of one retailer), a store also by its reference, a till by its label, too.
StoreKey = tuple[str, str]
TillKey = tuple[str, str, str]


@dataclass
class Registry:
    """What is known of what the rows name; a till's number is 0 where a dry run would only have enrolled it."""

    retailers: dict[str, Known] = field(default_factory=dict)
    stores: dict[StoreKey, Known] = field(default_factory=dict)
    tills: dict[TillKey, int] = field(default_factory=dict)


class Outcome(NamedTuple):
    """What becomes of a row: it is faulty, or `is_there` already, or a new till. `number` is None until it has one."""

    row: Row
    faults: tuple[Fault, ...] = ()
    is_there: bool = False
    number: int | None = None


@dataclass
class Plan:
    """What becomes of rows, in their order, and what must be made first, in the order in which rows name it."""

    outcomes: list[Outcome] = field(default_factory=list)
    retailers: dict[str, str] = field(default_factory=dict)
    stores: dict[StoreKey, Row] = field(default_factory=dict)
    tills: dict[TillKey, int] = field(default_factory=dict)


def plan(rows: Iterable[Row], registry: Registry, *, is_one_retailers: bool) -> Plan:
    """Judges every row; `tills` of the plan are the places of new ones among the outcomes.

    A row that is the same till as one before it in the file is already there.
    """
    made = Plan()
    for row in rows:
        faults = faults_of(row, is_one_retailers=is_one_retailers)
        # What is wrong by itself is not looked up; its neighbours' cells would only add confusion.
        if not faults:
            faults = [*_of_retailer(row, registry, made.retailers), *_of_store(row, registry, made.stores)]
        made.outcomes.append(Outcome(row, tuple(faults)) if faults else _till(row, registry, made))
    return made


def store_key(row: Row) -> StoreKey:
    """What names a row's store."""
    return row.tax_id, row.store_reference


def till_key(row: Row) -> TillKey:
    """What names a row's till."""
    return row.tax_id, row.store_reference, row.label


def _till(row: Row, registry: Registry, made: Plan) -> Outcome:
    key = till_key(row)
    if key in made.tills:
        return Outcome(row, is_there=True)
    number = registry.tills.get(key)
    if number is not None:
        return Outcome(row, is_there=True, number=number or None)
    if row.tax_id not in registry.retailers:
        made.retailers.setdefault(row.tax_id, row.retailer)
    if key[:2] not in registry.stores:
        made.stores.setdefault(key[:2], row)
    made.tills[key] = len(made.outcomes)
    return Outcome(row)


def _of_retailer(row: Row, registry: Registry, new: Mapping[str, str]) -> list[Fault]:
    known = registry.retailers.get(row.tax_id)
    name = known.name if known else new.get(row.tax_id)
    if name is None:
        return [] if row.retailer else [Fault("retailer", "Is empty, and the tax id is new. Give the retailer's name.")]
    if known and known.status == RETIRED:
        return [Fault("tax_id", f"{known.name} is retired; nothing can be enrolled there.")]
    if row.retailer and not same_name(row.retailer, name):
        return [Fault("retailer", f"This tax id is {name}'s. Correct the tax id, or leave the name empty.")]
    return []


def _of_store(row: Row, registry: Registry, new: Mapping[StoreKey, Row]) -> list[Fault]:
    key = store_key(row)
    known = registry.stores.get(key)
    name = known.name if known else new[key].store if key in new else None
    if name is None:
        return [] if row.store else [Fault("store", "Is empty, and the store is new. Give its name.")]
    if known and known.status == RETIRED:
        return [Fault("store_reference", f"{known.name} is retired; nothing can be enrolled there.")]
    if row.store and not same_name(row.store, name):
        return [Fault("store", f"Store {key[1]} is {name}. Correct the reference, or leave the name empty.")]
    return []
