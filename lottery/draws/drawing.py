"""Tickets and winners as pure functions: what anybody can compute again with nothing but SHA-256 and HMAC.

    ticket   SHA-256 of `draw|receipt code|number|salt` in ASCII, salt in hex: names nobody, and cannot be guessed
    list     all tickets in ascending order, each once; its root is that of RFC 6962 over the tickets' 32 bytes
    words    HMAC-SHA256(seed, `possys lottery draw v1\\n<draw>\\n<rules hash>\\n<root>\\n<count>\\n<k>`), k from 0 on
    winners  word modulo count; a word from the last, incomplete span of `count` values is passed over, and so is a
             ticket that has won already

`static/lottery/draw.py` does the same without this project, for whoever does not trust it.
"""

import hmac
from collections.abc import Iterator
from hashlib import sha256

from ledger.merkle import LEAF, NODE

SALT_BYTES = 16
TICKET_BYTES = 32
WORD_BITS = 256
DOMAIN = "possys lottery draw v1"


def ticket_of(draw: int, code: str, number: int, salt: bytes) -> bytes:
    """The ticket of a receipt (its code as printed, with hyphens); a receipt with n tickets has the numbers 1 to n."""
    return sha256(f"{draw}|{code}|{number}|{salt.hex()}".encode("ascii")).digest()


def words(seed: bytes, *, draw: int, rules_hash: bytes, root: bytes, count: int) -> Iterator[int]:
    """An endless line of numbers of WORD_BITS bits."""
    start = f"{DOMAIN}\n{draw}\n{rules_hash.hex()}\n{root.hex()}\n{count}\n"
    number = 0
    while True:
        yield int.from_bytes(hmac.digest(seed, f"{start}{number}".encode("ascii"), "sha256"), "big")
        number += 1


def choose(numbers: Iterator[int], count: int, wanted: int, *, bits: int = WORD_BITS) -> list[int]:
    """`wanted` different places below `count`, each as likely as every other, in the order in which they were drawn.

    Fewer when there are fewer places. Numbers are uniform below 2^bits; those at or above the largest multiple of
    `count` are passed over, or the first places would be a little more likely.
    """
    if count < 1:
        return []
    end = (1 << bits) - (1 << bits) % count
    chosen: dict[int, None] = {}
    wanted = min(wanted, count)
    while len(chosen) < wanted:
        number = next(numbers)
        if number < end:
            chosen.setdefault(number % count)
    return list(chosen)


def winners(seed: bytes, *, draw: int, rules_hash: bytes, root: bytes, count: int, wanted: int) -> list[int]:
    """The places in the list of tickets that win, the first prize's first."""
    return choose(words(seed, draw=draw, rules_hash=rules_hash, root=root, count=count), count, wanted)


class RootBuilder:
    """The Merkle root of a list that is too long to hold: takes hashes of whole subtrees of equal size, in order.

    Only the last one may be smaller; the root is that of RFC 6962 when every other one has a power of two of leaves.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, bytes]] = []

    def add(self, subtree: bytes) -> None:
        """Takes the next subtree's hash."""
        level = 0
        while self._waiting and self._waiting[-1][0] == level:
            left = self._waiting.pop()[1]
            subtree, level = sha256(NODE + left + subtree).digest(), level + 1
        self._waiting.append((level, subtree))

    def root(self) -> bytes:
        """The root of all. Raises ValueError when nothing was added."""
        if not self._waiting:
            raise ValueError("nothing has no root here")
        *rest, (_, found) = self._waiting
        for _, left in reversed(rest):
            found = sha256(NODE + left + found).digest()
        return found


def leaves(tickets: bytes) -> list[bytes]:
    """The leaf hashes of tickets that lie one after the other."""
    return [sha256(LEAF + tickets[at : at + TICKET_BYTES]).digest() for at in range(0, len(tickets), TICKET_BYTES)]
