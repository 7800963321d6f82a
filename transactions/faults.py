"""The exact reader: says everything that is wrong with a sale, each with a JSON pointer. Slow, so only for the refused.

It walks the types of `sale` themselves (msgspec.inspect), so that the schema is written once. It also sees what a typed
decode cannot: keys written twice, control characters behind escapes, lone surrogates.
"""

import json
import unicodedata
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NoReturn

import msgspec
from msgspec import inspect

from transactions.sale import DECODER, RULES, SALE_BYTES_MAX, Fault, Rule, Sale, plainly_written

# Enough to mend a sale by; a body of rubbish must not be answered with a larger one.
FAULTS_MAX = 100
# Of a value that is wrong, this much is shown again.
SHOWN_MAX = 40

# No amount has more digits; Python's own reading of longer integers is quadratic in time.
DIGITS_MAX = 40

SALE_TYPE = inspect.type_info(Sale)


class SaleRefused(ValueError):
    """The sale cannot be taken; `faults` says all that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer} {fault.detail}" for fault in faults))
        self.faults = faults[:FAULTS_MAX]


class Members(list[tuple[str, Any]]):
    """A JSON object as its pairs in order, so that a key written twice is seen."""


def read_sale(raw: bytes, rules: Sequence[Rule] = RULES) -> Sale:
    """The sale in these bytes, held against the schema and the rules. Raises SaleRefused with all that is wrong."""
    if len(raw) > SALE_BYTES_MAX:
        raise SaleRefused([Fault("", f"is {len(raw)} bytes long, at most {SALE_BYTES_MAX} are taken")])
    try:
        sale = DECODER.decode(raw)
    except (ValueError, RecursionError) as fault:
        raise SaleRefused(explain(raw, rules) or [Fault("", str(fault))]) from fault
    if not plainly_written(raw, sale) and (hidden := explain(raw, rules)):
        raise SaleRefused(hidden)
    if faults := [fault for _, rule in rules for fault in rule(sale)]:
        raise SaleRefused(faults)
    return sale


def explain(raw: bytes, rules: Sequence[Rule] = RULES) -> list[Fault]:
    """Everything that is wrong in the bytes of one sale; empty when nothing is."""
    value, faults = misfits(raw, SALE_TYPE)
    if isinstance(value, Members):
        faults.extend(_rules_on_whole_fields(value, faults, rules))
    return faults[:FAULTS_MAX]


def misfits(raw: bytes, expected: inspect.Type) -> tuple[Any, list[Fault]]:
    """What the bytes say, objects as Members, and everything in which it is not of the expected type.

    Nothing is said, as None, where they are no JSON.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=Members, parse_int=_bounded_int, parse_constant=_no_constant
        )
    except UnicodeDecodeError as fault:
        return None, [Fault("", f"is not UTF-8: byte {fault.start} cannot be read")]
    except json.JSONDecodeError as fault:
        return None, [Fault("", f"is not valid JSON at character {fault.pos}: {fault.msg}")]
    except RecursionError:
        return None, [Fault("", "is nested too deep")]
    except ValueError as fault:
        return None, [Fault("", f"is not valid JSON: {fault}")]
    faults: list[Fault] = []
    _walk(expected, value, "", faults)
    return value, faults


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _bounded_int(digits: str) -> int:
    if len(digits) > DIGITS_MAX:
        raise ValueError(f"an integer of {len(digits)} digits")
    return int(digits)


def _rules_on_whole_fields(value: Members, faults: list[Fault], rules: Sequence[Rule]) -> list[Fault]:
    """What the sums say as far as the fields they need are whole, so that one answer names everything."""
    broken = {fault.pointer.split("/")[1] for fault in faults if fault.pointer}
    # Only what fits the schema is walked again, so that its depth is the schema's.
    plain = {name: _plain(member) for name, member in value if name in Sale.__struct_fields__ and name not in broken}
    whole = set(plain)
    hints = {field.name: field.type for field in msgspec.structs.fields(Sale)}
    sale = SimpleNamespace(**{name: msgspec.convert(plain[name], hints[name]) for name in whole})
    return [fault for needs, rule in rules if needs <= whole for fault in rule(sale)]


def _plain(value: Any) -> Any:
    if isinstance(value, Members):
        return {name: _plain(member) for name, member in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _walk(expected: inspect.Type, value: Any, pointer: str, faults: list[Fault]) -> None:
    """Adds what is wrong with one value of the expected type, and below it."""
    match expected:
        case inspect.Metadata(type=described):
            _walk(described, value, pointer, faults)
        case inspect.UnionType(types=types):
            if value is not None:
                _walk(next(kind for kind in types if not isinstance(kind, inspect.NoneType)), value, pointer, faults)
        case inspect.StructType():
            _walk_object(expected, value, pointer, faults)
        case inspect.ListType():
            _walk_list(expected, value, pointer, faults)
        case _:
            if detail := _scalar_fault(expected, value):
                faults.append(Fault(pointer, detail))


def _walk_object(expected: inspect.StructType, value: Any, pointer: str, faults: list[Fault]) -> None:
    if not isinstance(value, Members):
        faults.append(Fault(pointer, f"must be an object, not {_shown(value)}"))
        return
    fields = {field.encode_name: field.type for field in expected.fields}
    seen: set[str] = set()
    for name, member in value:
        place = f"{pointer}/{_escaped(name)}"
        if name in seen:
            faults.append(Fault(place, "is written twice"))
        elif name not in fields:
            faults.append(Fault(place, "is not a field that is taken here"))
        else:
            _walk(fields[name], member, place, faults)
        seen.add(name)
    faults.extend(Fault(f"{pointer}/{name}", "is missing") for name in fields if name not in seen)


def _walk_list(expected: inspect.ListType, value: Any, pointer: str, faults: list[Fault]) -> None:
    if not isinstance(value, list) or isinstance(value, Members):
        faults.append(Fault(pointer, f"must be an array, not {_shown(value)}"))
        return
    if expected.max_length is not None and len(value) > expected.max_length:
        faults.append(Fault(pointer, f"has {len(value)} items, at most {expected.max_length} are taken"))
        return
    for position, item in enumerate(value):
        _walk(expected.item_type, item, f"{pointer}/{position}", faults)


def _scalar_fault(expected: inspect.Type, value: Any) -> str | None:
    match expected:
        case inspect.IntType(ge=low, le=high):
            if not isinstance(value, int) or isinstance(value, bool):
                return f"must be an integer, not {_shown(value)}"
            if (low is not None and value < low) or (high is not None and value > high):
                return f"must be from {low} to {high}"
        case inspect.BoolType():
            if not isinstance(value, bool):
                return f"must be true or false, not {_shown(value)}"
        case inspect.LiteralType(values=values):
            if value not in values or not isinstance(value, str):
                return f"must be one of {', '.join(map(str, values))}, not {_shown(value)}"
        case inspect.StrType(min_length=shortest, max_length=longest):
            return _text_fault(value, shortest or 0, longest)
    return None


def _text_fault(value: Any, shortest: int, longest: int | None) -> str | None:
    if not isinstance(value, str):
        return f"must be a string, not {_shown(value)}"
    if len(value) < shortest or (longest is not None and len(value) > longest):
        return f"must be {shortest} to {longest} characters long, not {len(value)}"
    for character in value:
        # Cc: control characters; Cs: half of a surrogate pair, which no UTF-8 can carry.
        if unicodedata.category(character) in {"Cc", "Cs"}:
            return f"holds the control character U+{ord(character):04X}"
    return None


def _shown(value: Any) -> str:
    text = "an object" if isinstance(value, Members) else "an array" if isinstance(value, list) else json.dumps(value)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"


def _escaped(name: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901), cut so that a long one is not answered in full."""
    visible = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name[:SHOWN_MAX])
    return visible.replace("~", "~0").replace("/", "~1")
