"""What tills ask of enrolment, read from JSON with everything that is wrong named at once.

    enrolment   {"code", "request", "public_key", "proof", "software"}
    renewal     {"request", "public_key", "proof"}

Every field is required, null where empty. `request` is a random text that the till chooses and keeps until it has the
answer: asking again with the same one is always safe. A new key's `proof` is its signature over `KEY` and the request,
so that nobody registers a key that he does not have.
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Annotated, Any

from msgspec import Meta, Struct, inspect

from transactions.enrolment.codes import TEXT_LENGTH_MAX, NoCodeError, read_code
from transactions.enrolment.weak_keys import is_weak
from transactions.faults import Members, misfits
from transactions.sale import Fault
from transactions.signatures import KEY, verify

# Sixteen random letters and digits are 80 bits and more; nobody meets another's by chance.
REQUEST_LENGTH_MIN, REQUEST_LENGTH_MAX = 16, 64
SOFTWARE_LENGTH_MAX = 120
# The longest honest body has some 500 bytes.
BODY_BYTES_MAX = 4096
PUBLIC_KEY_BYTES, PROOF_BYTES = 32, 64
BASE64_LENGTH_MAX = 88

RequestText = Annotated[
    str,
    Meta(
        min_length=REQUEST_LENGTH_MIN,
        max_length=REQUEST_LENGTH_MAX,
        description="Random, chosen by the till; the same again gets the same answer.",
    ),
]
PublicKey = Annotated[
    str, Meta(max_length=BASE64_LENGTH_MAX, description="An Ed25519 public key: 32 bytes in base64, or null.")
]
Proof = Annotated[
    str,
    Meta(
        max_length=BASE64_LENGTH_MAX,
        description="The key's signature over `possys/key/1\\n` and the request's characters: 64 bytes in base64.",
    ),
]


class EnrolmentBody(Struct, forbid_unknown_fields=True):
    """An enrolment code, to be exchanged for a credential."""

    code: Annotated[str, Meta(max_length=TEXT_LENGTH_MAX, description="As it is written, or the text of its QR code.")]
    request: RequestText
    public_key: PublicKey | None
    proof: Proof | None
    software: Annotated[str, Meta(max_length=SOFTWARE_LENGTH_MAX, description="Name and version, or null.")] | None


class RenewalBody(Struct, forbid_unknown_fields=True):
    """A credential, to be replaced by a newer one; with a key, that is replaced, too."""

    request: RequestText
    public_key: PublicKey | None
    proof: Proof | None


ENROLMENT_TYPE = inspect.type_info(EnrolmentBody)
RENEWAL_TYPE = inspect.type_info(RenewalBody)


@dataclass(frozen=True)
class Asked:
    """What a till asks, as far as it can be read; it may be carried out only when `faults` is empty."""

    request: str = ""
    public_key: bytes | None = None
    # The enrolment code's sixteen symbols; None for a renewal, or where they cannot be read.
    symbols: str | None = None
    software: str = ""
    faults: list[Fault] = field(default_factory=list)


def read_enrolment(raw: bytes) -> Asked:
    """An enrolment, from the bytes of its body."""
    return _read(raw, ENROLMENT_TYPE)


def read_renewal(raw: bytes) -> Asked:
    """A renewal, from the bytes of its body."""
    return _read(raw, RENEWAL_TYPE)


def _read(raw: bytes, expected: inspect.Type) -> Asked:
    value, faults = misfits(raw, expected)
    if not isinstance(value, Members):
        return Asked(faults=faults)
    broken = {fault.pointer.lstrip("/") for fault in faults}
    # Each rule looks at what fits the schema, so that one answer names everything.
    whole: dict[str, Any] = {name: member for name, member in value if name not in broken}
    symbols = None
    if "code" in whole:
        try:
            symbols = read_code(whole["code"])
        except NoCodeError as fault:
            faults.append(Fault("/code", str(fault)))
    request = whole.get("request", "")
    if not (request.isascii() and request.isprintable() and " " not in request):
        faults.append(Fault("/request", "must be printable ASCII characters without blanks"))
        request = ""
    public_key = _key(whole, request, faults)
    return Asked(request, public_key, symbols, whole.get("software") or "", faults)


def _key(whole: dict[str, Any], request: str, faults: list[Fault]) -> bytes | None:
    """The new key, None when there is none; adds what is wrong with it and with its proof."""
    if "public_key" not in whole or "proof" not in whole:
        return None
    if whole["public_key"] is None:
        if whole["proof"] is not None:
            faults.append(Fault("/proof", "must be null without a public key"))
        return None
    public_key = _decoded(whole["public_key"], PUBLIC_KEY_BYTES, "/public_key", faults)
    if public_key is not None and is_weak(public_key):
        faults.append(Fault("/public_key", "is a point of small order, for which anybody can sign; make a new key"))
        public_key = None
    if whole["proof"] is None:
        faults.append(Fault("/proof", "is missing: sign the request with the new key"))
        return public_key
    proof = _decoded(whole["proof"], PROOF_BYTES, "/proof", faults)
    if public_key and proof and request and not verify(public_key, KEY, request.encode(), proof):
        faults.append(Fault("/proof", "is not the new key's signature over possys/key/1, a line feed and the request"))
    return public_key


def _decoded(text: str, length: int, pointer: str, faults: list[Fault]) -> bytes | None:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        faults.append(Fault(pointer, "must be base64"))
        return None
    if len(found) != length:
        faults.append(Fault(pointer, f"must be {length} bytes in base64, not {len(found)}"))
        return None
    return found
