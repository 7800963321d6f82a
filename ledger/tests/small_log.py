"""A log of some leaves with its own key, for the tests of witnesses: checkpoints and consistency paths at any size."""

from hashlib import sha256

from ledger.log.checkpoint import TreeHead, path_lines
from ledger.log.notes import LOG_KEY, Signer, new_signer, written
from ledger.merkle import consistency_path, mth_of, root

ORIGIN = "log.example/possys"


class SmallLog:
    """The same `story` gives the same leaves; another story is another history under the same key."""

    def __init__(self, size: int = 40, *, story: str = "true", signer: Signer | None = None) -> None:
        self.leaves = [sha256(f"{story} {index}".encode()).digest() for index in range(size)]
        self.signer = signer or new_signer(ORIGIN, LOG_KEY)

    def head(self, size: int) -> TreeHead:
        return TreeHead(self.signer.verifier.name, size, root(self.leaves[:size]))

    def note(self, size: int, *more_lines: str) -> str:
        text = self.head(size).text
        return written(text, [self.signer.sign(text).line, *more_lines])

    def path(self, old: int, new: int) -> list[bytes]:
        return consistency_path(mth_of(self.leaves), old, new)

    def request(self, old: int, size: int) -> bytes:
        """The body that brings a witness from the one size to the other."""
        return body(old, path_lines(self.path(min(old, size), size)), self.note(size))


def body(old: int | str, lines: list[str], note: str) -> bytes:
    return "\n".join([f"old {old}", *lines, "", note]).encode()
