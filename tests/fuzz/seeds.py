"""Right inputs of each target, from which fuzzing starts: made here, so that they follow the formats."""

import base64
import json
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from ledger.blocks import Kind, pack_body, repack
from possys.codes import Environment
from possys.receipt_keys import links, table
from tests.factories import batch_bytes, make_line, make_refund, make_sale, sale_bytes
from tests.verifiers.proofs import TILL, maker, note, record, till_signature
from transactions.authentication import mint_gateway_token, mint_terminal_token
from transactions.signatures import KEY, OFFLINE, SALE

ISSUED_AT = "2026-11-23T10:00:00.000Z"
LAST_DAY = date(2030, 1, 1)
REQUEST = "8f0c2f6e9b5d4c1a"
CODE = "0NXV-SRT0-G09S-89Q7"


def sales() -> list[bytes]:
    """Sales of each type, written compactly, spaciously, and with escapes."""
    made = [
        make_sale(issued_at=ISSUED_AT),
        make_sale(issued_at="2026-11-23T10:00:00+01:00", lines=[make_line(), make_line(unit_price=None, gtin=None)]),
        make_refund(CODE, issued_at=ISSUED_AT),
        make_sale(issued_at=ISSUED_AT, type="void", refers_to=CODE, lines=[], taxes=[], payments=[], total=0),
    ]
    spaced = [json.dumps(one, indent=1, ensure_ascii=True).encode() for one in made[:2]]
    accents = sale_bytes(make_sale(issued_at=ISSUED_AT, lines=[make_line(name="Mléko \\ „1 l“ 🥛")]))
    return [*map(sale_bytes, made), *spaced, accents]


def envelopes() -> list[bytes]:
    """Signed sales."""
    signed = [(raw, base64.b64encode(TILL.sign(SALE + raw))) for raw in sales()[:3]]
    return [b'{"signature":{"key":1,"value":"%s"},"sale":%s}' % (value, raw) for raw, value in signed] + [
        b'{ "sale" : {}, "signature": {"value":"","key":65535} }'
    ]


def batches() -> list[bytes]:
    """Arrays of both."""
    return [
        batch_bytes(sales()[:3]),
        batch_bytes([*sales()[:1], *envelopes()[:1]]),
        b"[]",
        b"[1,2]",
        b'[{"a":"\\u0000"}]',
    ]


def codes() -> list[bytes]:
    """Codes and links, as they are written and typed."""
    code = table().encode(Environment.PRODUCTION, date(2026, 11, 23), 64, 1)
    test = table().encode(Environment.TEST, date(2026, 11, 23), 64, 1)
    return [
        one.encode() for one in (code, test, code.lower().replace("-", " "), links().ending_of(code), "OIL1-", "ſ" * 16)
    ]


def addresses() -> list[bytes]:
    """Offline addresses, plain and signed."""
    text = "64.1.2611231000.5100.1"
    value = base64.b32encode(TILL.sign(OFFLINE + text.encode())).decode().rstrip("=")
    return [
        one.encode()
        for one in ("64.1.2611231000.5100", "64.1.2611231000.-5100", f"{text}.{value}", f"{text}.{value}".lower())
    ]


def bodies() -> list[bytes]:
    """Unpacked and packed bodies of blocks, with a removed record."""
    records = [record(number) for number in range(1, 4)]
    positions = [(Kind.RECORD, records[0]), (Kind.REMOVED, bytes(32)), (Kind.RECORD, b"")]
    return [pack_body(records), pack_body([b"", b"x" * 127, b"y" * 128]), repack(positions).body, repack([]).body]


def records() -> list[bytes]:
    """Records, headers, notes and proof files."""
    made = maker()
    return [*made.records, record(1, signature=till_signature()), made.header, made.checkpoint.encode(), made.raw]


@lru_cache
def _proofs() -> tuple[bytes, ...]:
    return (maker().raw, maker(1, 0, 1, 0).raw, maker([record(1, signature=till_signature()), record(2)], 0).raw)


def right_proofs() -> set[bytes]:
    """The proof files that the verifier must believe."""
    return set(_proofs())


def proofs() -> list[bytes]:
    """The same, and a note alone."""
    return [*_proofs(), note("ledger.example/log\n1\nAAAA\n").encode()]


def tokens() -> list[bytes]:
    """A token of each kind."""
    return [
        mint_terminal_token(64, 1, LAST_DAY).encode(),
        mint_gateway_token(1, 2, LAST_DAY).encode(),
        b"r1." + b"a" * 32,
        b"feed_" + b"A" * 43,
    ]


def files() -> list[bytes]:
    """CSV of tills, of a form's rows, with semicolons, quotation marks and a byte order mark."""
    return [
        b"store_reference,store,address,place,kind,label\r\n17,High Street,1 High Street,Leeds,fixed,Till\r\n",
        '\ufefftax_id;retailer;store_reference;label\nCZ1;"Corner; Shops";17;\'=1+1\n\n'.encode(),
        b"product,quantity,unit_cost,lot,expires_on,name\nA-1,2.000,17.50,,2027-01-01,Milk\n",
        b'product;quantity\n"A""1";1\n"open;2\n',
    ]


def pictures() -> list[bytes]:
    """A small picture in each format that is taken, with metadata, transparency and sixteen bits of grey."""

    def saved(image: Image.Image, form: str, **options: Any) -> bytes:
        file = BytesIO()
        image.save(file, form, **options)
        return file.getvalue()

    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        saved(Image.new("RGB", (9, 5), "red"), "JPEG", exif=exif),
        saved(Image.new("RGBA", (5, 9), (0, 0, 0, 0)), "PNG"),
        saved(Image.new("I;16", (4, 4)), "PNG"),
        saved(Image.new("P", (4, 4)), "PNG", transparency=0),
        saved(Image.new("RGB", (8, 8), "blue"), "WEBP"),
    ]


def requests() -> list[bytes]:
    """An enrolment and a renewal with a key, a copy, a day's totals, a form of the portal."""
    key = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    signed = {
        "request": REQUEST,
        "public_key": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
        "proof": base64.b64encode(key.sign(KEY + REQUEST.encode())).decode(),
    }
    totals = {
        "terminal": 64, "day": "2026-11-23", "currency": "CZK", "sales": 8, "refunds": 2, "voids": 1, "total": -5,
        "payments": {"cash": -5},
    }  # fmt: skip
    enrolment = {"code": "7KQ2-M9XD-4TRA-0HFE", **signed, "software": None}
    form = {"store": 1, "day": "2026-11-23", "rows": [{"product": "A-1", "quantity": 2.5}]}
    return [json.dumps(one).encode() for one in (enrolment, signed, {"request": REQUEST}, totals, form)]


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "sale": sales,
    "envelope": envelopes,
    "batch": batches,
    "code": codes,
    "offline": addresses,
    "body": bodies,
    "record": records,
    "proof": proofs,
    "token": tokens,
    "rows": files,
    "photo": pictures,
    "request": requests,
}
