"""What is fuzzed: each takes any bytes, and raises for what must never be. Refusals that are meant are no faults.

Beside "nothing but the declared refusal is raised", each has an oracle: what is accepted means the same to a plainer
reader, and the slower of two readers refuses nothing that the faster one took.
"""

import base64
import json
import math
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
from django.core.files.uploadedfile import SimpleUploadedFile

from accounting.days.till_totals import TotalsRefused, read_totals
from fleet.rows import Fault, HeadFault, faults_of, read_head
from fleet.uploads import FileFault, Lines
from ledger.blocks import RAW_BYTES_MAX, each_position, read_header, repack, unpacked
from ledger.feeding.tokens import FORM
from ledger.log.notes import NoteError, read_note
from ledger.proof_file import proof_bytes, read_proof_file
from ledger.records import assemble, read, sale_bytes
from portal.keys import tokens
from portal.sheets.api import _object
from portal.sheets.forms import FILE_BYTES_MAX, read_csv
from possys.codes import CodeError
from possys.receipt_keys import links, table
from receipts.cases.photos import SIDE_MAX, PhotoError, take_photo
from receipts.offline_address import OfflineError, is_offline, read_offline
from static.verify import possys_verify
from tests.verifiers.proofs import KEY, WITNESSES
from transactions.api import BATCH
from transactions.authentication import BadTokenError, mint_gateway_token, mint_terminal_token, verify
from transactions.copies import CopyRefused, read_request
from transactions.enrolment.requests import read_enrolment, read_renewal
from transactions.envelope import is_envelope, open_envelope
from transactions.faults import SaleRefused, explain, read_sale
from transactions.sale import SALE_BYTES_MAX
from transactions.stream import CredentialKind, Signature
from warehouse.stock.rows import DeliveryRow

TODAY = date(2026, 11, 23)
Target = Callable[[bytes], None]
TARGETS: dict[str, Target] = {}


def target(function: Target) -> Target:
    """Puts it in the list, by its name."""
    TARGETS[function.__name__] = function
    return function


class WrittenTwiceError(AssertionError):
    """A key that the product overlooked."""


def plain(raw: bytes) -> Any:
    """The bytes as Python's own JSON reader has them. Raises WrittenTwiceError, ValueError."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise WrittenTwiceError(pairs)
        return found

    return json.loads(raw.decode("utf-8"), object_pairs_hook=once, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} was taken for JSON")


@target
def sale(raw: bytes) -> None:
    """A taken sale means the same to the plain reader, and the exact reader has no word against it."""
    try:
        found = read_sale(raw)
    except SaleRefused as refused:
        assert refused.faults
        assert all(fault.detail and fault.pointer[:1] in {"", "/"} for fault in refused.faults)
        msgspec.json.encode(refused.faults)
        return
    assert len(raw) <= SALE_BYTES_MAX
    assert explain(raw) == []
    assert plain(raw) == msgspec.to_builtins(found)
    assert not any(sign < " " or sign == "\x7f" for sign in _texts(plain(raw)))


def _texts(value: Any) -> str:
    """Every text in a value, in one."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(map(_texts, value.values()))
    return "".join(map(_texts, value)) if isinstance(value, list) else ""


@target
def envelope(raw: bytes) -> None:
    """An opened envelope holds its sale byte for byte, and so does the record that is made of it."""
    if not is_envelope(raw):
        return
    try:
        opened = open_envelope(raw)
        read_sale(opened.sale)
    except SaleRefused as refused:
        assert refused.faults
        return
    assert opened.sale in raw
    signature = Signature(opened.key, bytes(32), opened.value)
    record = assemble(
        shard=0, epoch=1, number=1, received_at=b"2026-11-23T10:00:00.000Z", code=b"0NXV-SRT0-G09S-89Q7", retailer=1,
        store=1, sale=opened.sale, signature=signature,
    )  # fmt: skip
    assert sale_bytes(record) == opened.sale
    assert read(record).sale == plain(record)["sale"] == plain(opened.sale)


@target
def batch(raw: bytes) -> None:
    """A batch falls into the values that a plain reader finds, and each is judged without a fault of ours."""
    try:
        parts = [bytes(part) for part in BATCH.decode(raw)]
    except (ValueError, RecursionError):
        return
    for part in parts[:20]:
        sale(part)
        envelope(part)
    try:
        whole = json.loads(raw.decode("utf-8"))
        assert len(whole) == len(parts)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as fault:
        # What the splitter overlooks in a value, the value's own reader must refuse.
        assert any(_is_refused(part) for part in parts), fault
    except ValueError:
        # Python's own bound on the digits of an integer.
        pass


def _is_refused(part: bytes) -> bool:
    try:
        read_sale(part)
    except SaleRefused:
        return True
    return False


@target
def code(raw: bytes) -> None:
    """A code that is read is made again by its sale; a link's key is the code's own."""
    text = raw.decode("utf-8", "replace")
    try:
        place = table().decode(text)
        assert table().decode(table().encode(place.environment, place.day, place.terminal, place.sequence)) == place
    except CodeError as fault:
        assert str(fault)
    try:
        linked = links().read(text)
    except CodeError:
        return
    assert not linked.is_right or links().ending_of(linked.code)[-4:] == "".join(filter(str.isalnum, text))[-4:].upper()


@target
def offline(raw: bytes) -> None:
    """An address that is read says what stands in it."""
    text = raw.decode("utf-8", "replace")
    try:
        paper = read_offline(text)
    except OfflineError:
        assert not is_offline(text)
        return
    terminal, sequence, minute, total, *_ = text.split(".")
    assert (int(terminal), int(sequence), int(total)) == (paper.terminal, paper.sequence, paper.total)
    assert f"{paper.minute:%y%m%d%H%M}" == minute
    assert len(paper.signature) in {0, 64}


@target
def body(raw: bytes) -> None:
    """A block's body is damaged, or made again byte for byte."""
    try:
        unpacked(raw)
    except ValueError:
        pass
    try:
        positions = list(each_position(raw))
    except ValueError:
        return
    made = repack(positions)
    assert list(each_position(unpacked(made.body))) == positions
    assert made.raw_bytes <= max(len(raw), 1) <= 2 * RAW_BYTES_MAX


@target
def record(raw: bytes) -> None:
    """Records, headers, checkpoints and proof files are refused as what they are not, or written as they were read."""
    for reader in (read, read_header):
        try:
            reader(raw)
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, RecursionError):
            pass
    try:
        cut = sale_bytes(raw)
        assert cut in raw
    except ValueError:
        pass
    try:
        file = read_proof_file(raw)
        assert read_proof_file(proof_bytes(file)) == file
    except (ValueError, RecursionError):
        pass
    try:
        read_note(raw.decode("utf-8", "replace"))
    except NoteError:
        pass


LOG_KEYS = [possys_verify.read_key(KEY, possys_verify.LOG_KEY)]
WITNESS_KEYS = [possys_verify.read_key(one, possys_verify.WITNESS_KEY) for one in WITNESSES]


@target
def proof(raw: bytes) -> None:
    """The verifier that people download answers, or refuses in its own words; and believes no forged file."""
    try:
        possys_verify.verify_proof(raw, LOG_KEYS, WITNESS_KEYS, None, None)
    except possys_verify.Refused as refused:
        assert str(refused)
        return
    # Everything may be written in one way only.
    assert raw in _right_proofs(), "a file that nobody made was believed"


def _right_proofs() -> set[bytes]:
    from tests.fuzz.seeds import right_proofs

    return right_proofs()


@target
def token(raw: bytes) -> None:
    """Only the token that was issued opens anything: a till's is minted again, others have one form alone."""
    text = raw.decode("utf-8", "replace")
    try:
        found = verify(text)
    except BadTokenError:
        pass
    else:
        mint = mint_terminal_token if found.kind is CredentialKind.TERMINAL else mint_gateway_token
        assert mint(found.id, found.version, date(1970, 1, 1) + timedelta(days=found.expires)) == text
    key = tokens.read(text)
    assert key is None or tokens.written(key) == text
    assert FORM.fullmatch(text) is None or text.isascii()


@target
def rows(raw: bytes) -> None:
    """A file of tills, and one of a form's rows: faults are named, and nothing else is raised."""
    text = raw.decode("utf-8", "replace")
    head, _, rest = text.partition("\n")
    for is_one_retailers in (True, False):
        try:
            found = read_head(head, is_one_retailers=is_one_retailers)
        except HeadFault as fault:
            assert str(fault)
            continue
        for number, line in enumerate(rest.split("\n")[:50], 2):
            row = found.row(number, line)
            if row is not None and not isinstance(row, Fault):
                assert all(fault.text for fault in faults_of(row, is_one_retailers=is_one_retailers))
    try:
        lines = Lines(FILE_BYTES_MAX)
        kept = sum(len(own) for _, own in lines.chunks(_blocks(raw)))
        assert kept == max(lines.count - 1, 0)
    except FileFault as fault:
        assert str(fault)
    found_rows, numbers, refusal = read_csv(DeliveryRow, SimpleUploadedFile("rows.csv", raw))
    assert len(found_rows) == len(numbers)
    assert not (refusal and found_rows)


def _blocks(raw: bytes) -> Iterator[bytes]:
    yield from (raw[at : at + 7] for at in range(0, len(raw), 7))


@target
def photo(raw: bytes) -> None:
    """A picture of our own making, or a sentence."""
    try:
        taken = take_photo(raw)
    except PhotoError as refused:
        assert str(refused)
        return
    assert taken.content.startswith(b"\xff\xd8")
    assert max(taken.width, taken.height) <= SIDE_MAX


@target
def request(raw: bytes) -> None:
    """Short bodies of tills and of retailers' programs: faults that can be answered as JSON, nothing else."""
    for reader in (read_enrolment, read_renewal):
        asked = reader(raw)
        msgspec.json.encode(asked.faults)
        assert asked.faults or plain(raw)["request"] == asked.request
        assert (
            asked.public_key is None or asked.faults or asked.public_key == base64.b64decode(plain(raw)["public_key"])
        )
    try:
        read_request(raw)
    except CopyRefused as refused:
        assert refused.faults
        msgspec.json.encode(refused.faults)
    try:
        totals = read_totals(raw, TODAY)
        assert json.loads(totals.canonical())["total"] == plain(raw)["total"]
    except TotalsRefused as refused:
        assert refused.faults
        msgspec.json.encode(refused.faults)
    found, fault = _object(raw)
    assert (found is None) == bool(fault)
    assert found is None or not any(isinstance(one, float) and not math.isfinite(one) for one in found.values())
    fault.encode()
