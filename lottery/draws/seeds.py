"""Where a draw's seed comes from, as pure functions of what is published.

drand            SHA-256 of `possys lottery seed v1\\ndrand\\n<chain>\\n<round>\\n<randomness>\\n`, hex in small letters
commit-reveal    SHA-256 of `possys lottery seed v1\\ncommit-reveal\\n<secret>\\n` and the signed text of the first
                 checkpoint of the ledger's log that covers the freeze's statement
"""

from hashlib import sha256

DOMAIN = "possys lottery seed v1"
SECRET_BYTES = 32


def drand_seed(chain: str, round_number: int, randomness: str) -> bytes:
    """The seed from a beacon's round; hex in small letters."""
    return sha256(f"{DOMAIN}\ndrand\n{chain}\n{round_number}\n{randomness}\n".encode("ascii")).digest()


def commit_reveal_seed(secret: bytes, checkpoint_text: str) -> bytes:
    """The seed from the operator's secret and a checkpoint's signed text (origin, size and root, a line each)."""
    return sha256(f"{DOMAIN}\ncommit-reveal\n{secret.hex()}\n{checkpoint_text}".encode()).digest()


def commitment_of(secret: bytes) -> str:
    """What is published of the secret when the draw opens: its SHA-256 in hex."""
    return sha256(secret).hexdigest()
