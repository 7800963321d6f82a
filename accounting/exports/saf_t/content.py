"""What a SAF-T file says, before it is XML. Amounts are in minor units, a debit positive and a credit negative."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Whose books they are; empty where nobody has said it."""

    name: str
    tax_id: str
    street: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""


class AccountBalance(NamedTuple):
    """An account with its balance before the first day and after the last one; `kind` is one of Account.Kind."""

    number: str
    name: str
    kind: str
    opening: int
    closing: int


class TaxCode(NamedTuple):
    """A tax as the lines name it: `rate` in per cent as the tills write it, empty where there is none."""

    code: str
    rate: str


class StoreName(NamedTuple):
    """A store that entries are about."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Masters:
    """What the entries refer to: only what they need, so that a later account or store changes no older file."""

    accounts: list[AccountBalance]
    taxes: list[TaxCode]
    stores: list[StoreName]


class Totals(NamedTuple):
    """Of all entries in the file: how many, and the sum of the debits, which is that of the credits."""

    entries: int
    debit: int


class Line(NamedTuple):
    """One line of an entry; `is_result` where its account is one of income or expense, so that a tax is of it."""

    position: int
    account: str
    is_result: bool
    text: str
    amount: int
    tax_code: str
    tax_rate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry with its lines. `source` says what it was made of: a close or the entry that it takes back."""

    number: int
    kind: str
    dated: date
    about: date
    made_on: date
    made_by: str
    text: str
    store: int | None
    source: str
    lines: list[Line]


class Journal(NamedTuple):
    """The entries of one kind, in the order of their numbers; they are read while they are written."""

    kind: str
    title: str
    entries: Iterable[Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A whole file. `made_on` is the day on which its last entry was made: a file knows no other clock."""

    company: Company
    currency: str
    first: date
    last: date
    made_on: date
    masters: Masters
    totals: Totals
    journals: Iterable[Journal]
