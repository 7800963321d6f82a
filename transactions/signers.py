"""Whose keys sign sales: finds a terminal's public keys in the capture store and verifies by them. No Django, no SQL.

Whether a key may be used still, and whether a terminal must sign, its state decides in the script, with all the rest.
"""

from collections import defaultdict
from collections.abc import Sequence

from possys.redis import Command, Stores, call_all
from transactions.sale import Fault
from transactions.signatures import SALE, Signed, verify_many
from transactions.stream import PUBLIC_KEY, Signature, keys_key, shard_of

# Public keys that a process remembers; each is some 150 bytes.
REMEMBERED_MAX = 500_000
NO_SUCH_KEY = Fault("/signature/key", "the terminal has registered no key of this number")
FALSE_SIGNATURE = Fault("/signature/value", "is not this key's signature over the bytes of the sale")


class Signers:
    """One process's knowledge of public keys; thread-safe."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        # By terminal and number. A key of a number never changes, so what is remembered is never wrong.
        self._public_keys: dict[tuple[int, int], bytes] = {}

    def verify(self, signed: Sequence[tuple[int, bytes, Signature]]) -> list[Signature | Fault]:
        """Of each (terminal, bytes of the sale, signature without the public key): it with that key, or what is wrong.

        All are verified in one go. Raises RedisError or OSError when the keys cannot be read.
        """
        self._fetch({(terminal, signature.key) for terminal, _, signature in signed} - self._public_keys.keys())
        words: list[Signature | Fault] = []
        asked: list[Signed] = []
        for terminal, sale, signature in signed:
            public_key = self._public_keys.get((terminal, signature.key))
            if public_key is None:
                words.append(NO_SUCH_KEY)
            else:
                words.append(signature._replace(public_key=public_key))
                asked.append(Signed(public_key, SALE + sale, signature.value))
        genuine = iter(verify_many(asked))
        return [word if isinstance(word, Fault) or next(genuine) else FALSE_SIGNATURE for word in words]

    def _fetch(self, wanted: set[tuple[int, int]]) -> None:
        """Reads public keys that this process does not know yet."""
        if not wanted:
            return
        if len(self._public_keys) > REMEMBERED_MAX:
            self._public_keys.clear()
        by_shard: dict[int, list[int]] = defaultdict(list)
        for terminal in {terminal for terminal, _ in wanted}:
            by_shard[shard_of(terminal)].append(terminal)
        for shard, terminals in by_shard.items():
            command: Command = ("HMGET", keys_key(shard), *terminals)
            (reply,) = call_all(self.stores.store_for(shard), [command])
            if isinstance(reply, Exception):
                raise reply
            for terminal, packed in zip(terminals, reply, strict=True):
                for number, public_key in PUBLIC_KEY.iter_unpack(packed or b""):
                    self._public_keys[terminal, number] = public_key
