"""Forms of services, for people and for programs: one declaration, one check, one domain call.

    class WriteOffForm(ServiceForm): ...          fields with labels and help for people
    class WriteOffRow(RowForm): ...               what is repeated in it: by rows on the page, by CSV, in JSON by "rows"
    def save(scope, user, asked, now) -> Saved    one domain call; raises FormFault for what only the domain knows
    FormPage(key="write-off", ..., form=WriteOffForm, rows=WriteOffRow, save=save)

Nothing is stored by half: everything is checked first, and `save` is one DB transaction.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import ScopeStoreField
from possys.accounts.models import User

# A delivery of a large store; what is longer comes in parts.
ROWS_MAX = 2_000
# Empty rows that a page shows; its script adds more.
ROWS_SHOWN = 8
# 2,000 rows of a hundred characters are a fifth of it.
FILE_BYTES_MAX = 1024 * 1024
# Whoever has more faults in a file has the wrong file.
FAULTS_SHOWN_MAX = 50
FILE_FIELD = "file"
Faults = dict[str, list[str]]


class FormFault(Exception):
    """What is wrong, by field ("" of the whole; "rows.3.product" of a row, counted from 0), for people."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = dict(faults)


class Saved(NamedTuple):
    """What came of it: a sentence, the number of what was made, and the page (`key?query`) that shows it."""

    message: str
    id: int | None = None
    link: str = ""


class _Scoped(forms.Form):
    """A form that knows whose it is and when."""

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        scope: Scope,
        now: datetime,
        prefix: str | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.scope = scope
        self.now = now
        super().__init__(data, prefix=prefix, initial=dict(initial or {}))
        for one in self.fields.values():
            if isinstance(one, ScopeStoreField):
                empty = [] if one.required and len(scope.stores) == 1 else [("", "Choose a store")]
                one.choices = [*empty, *((store.id, store.name) for store in scope.stores)]


class ServiceForm(_Scoped):
    """The fields that are there once."""


class RowForm(_Scoped):
    """The fields of one row. A row in which nothing is filled in is none."""

    # A browser would have every empty row filled in before it sends the form.
    use_required_attribute = False


Save = Callable[[Scope, User, dict[str, Any], datetime], Saved]
Initial = Callable[[Scope, datetime, Mapping[str, str]], dict[str, Any]]


def nothing_filled_in(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """A form that begins empty."""
    return {}


def nothing_to_add(scope: Scope, given: Mapping[str, Any]) -> str:
    """A form that is about nothing in particular."""
    return ""


@dataclass(frozen=True)
class FormPage:
    """One form. `back` is the page that it belongs to; `initial` may fill in more than the address does.

    `initial` may give "rows", a list of mappings. `button` is what the button says.
    """

    key: str
    title: str
    lead: str
    right: Right
    form: type[ServiceForm]
    save: Save
    back: str
    rows: type[RowForm] | None = None
    rows_max: int = ROWS_MAX
    rows_required: bool = True
    button: str = "Save"
    initial: Initial = nothing_filled_in
    # Says in a line what the form as it is given is about, such as which order.
    about: Callable[[Scope, Mapping[str, Any]], str] = nothing_to_add
    template: str = "portal/sheets/form.html"


@dataclass
class Filled:
    """A form as it was filled in: the form, its rows, and what is wrong with it."""

    page: FormPage
    form: ServiceForm
    rows: list[RowForm] = field(default_factory=list)
    # Lines of the CSV file that the rows came from, in their order.
    lines: list[int] = field(default_factory=list)
    faults: Faults = field(default_factory=dict)

    def add(self, name: str, fault: str) -> None:
        """Notes a fault."""
        self.faults.setdefault(name, []).append(fault)

    @property
    def asked(self) -> dict[str, Any]:
        """The cleaned data, with `rows` where there are any."""
        found = dict(self.form.cleaned_data)
        if self.page.rows:
            found["rows"] = [row.cleaned_data for row in self.rows]
        return found

    def check(self) -> bool:
        """Whether everything is right so far; notes every fault."""
        for name, faults in self.form.errors.items():
            for fault in faults:
                self.add("" if name == "__all__" else name, str(fault))
        for number, row in enumerate(self.rows):
            for name, faults in row.errors.items():
                for fault in faults:
                    self.add(f"rows.{number}" + ("" if name == "__all__" else f".{name}"), str(fault))
        if self.page.rows and self.page.rows_required and not self.rows and not self.faults.get("rows"):
            self.add("rows", "Fill in at least one row.")
        return not self.faults

    def save(self, scope: Scope, user: User, now: datetime) -> Saved | None:
        """Saves what is right; None when something is wrong, which is noted."""
        if not self.check():
            return None
        try:
            with transaction.atomic():
                return self.page.save(scope, user, self.asked, now)
        except FormFault as fault:
            for name, text in fault.faults.items():
                self.add(name, text)
            return None

    def place(self, name: str) -> str:
        """Where a fault is, for people: "Line 4, quantity" of a file, "Row 2, quantity" of the page."""
        parts = name.split(".")
        if parts[0] != "rows" or len(parts) == 1:
            return ""
        number = int(parts[1])
        where = f"Line {self.lines[number]}" if number < len(self.lines) else f"Row {number + 1}"
        return f"{where}, {self._label(parts[2])}" if len(parts) > 2 else where

    def _label(self, name: str) -> str:
        assert self.page.rows is not None
        found = self.page.rows.base_fields.get(name)
        return str(found.label or name).lower() if found else name


def filled(
    page: FormPage, fields: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], *, scope: Scope, now: datetime
) -> Filled:
    """A form with values; rows beyond the bound are a fault and are not read."""
    found = Filled(page, page.form(fields, scope=scope, now=now))
    if page.rows:
        given = list(rows)
        if len(given) > page.rows_max:
            found.add("rows", f"At most {page.rows_max:,} rows can be sent at once; these are {len(given):,}.")
            given = []
        found.rows = [page.rows(row, scope=scope, now=now) for row in given]
    return found


def posted(
    page: FormPage, data: Mapping[str, Any], file: UploadedFile[bytes] | None, *, scope: Scope, now: datetime
) -> Filled:
    """A form as a browser sent it: rows by their numbers, or a CSV file in their place."""
    if page.rows and file is not None:
        rows, lines, fault = read_csv(page.rows, file)
        found = filled(page, data, rows, scope=scope, now=now)
        found.lines = lines
        if fault:
            found.add("rows", fault)
        return found
    return filled(page, data, numbered_rows(page, data) if page.rows else (), scope=scope, now=now)


def numbered_rows(page: FormPage, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of `rows-<number>-<field>`, in the order of their numbers, without those that are empty."""
    assert page.rows is not None
    names = list(page.rows.base_fields)
    found: dict[int, dict[str, Any]] = {}
    for name, value in data.items():
        head, _, rest = name.partition("-")
        number, _, own = rest.partition("-")
        if head == "rows" and own in names and number.isascii() and number.isdigit() and len(number) < 6:
            found.setdefault(int(number), {})[own] = value
    return [found[number] for number in sorted(found) if any(str(value).strip() for value in found[number].values())]


def read_csv(form: type[RowForm], file: UploadedFile[bytes]) -> tuple[list[dict[str, str]], list[int], str]:
    """The rows of a CSV file, their lines, and what is wrong with the file as a whole.

    The first line names the columns, which are the row form's fields; commas or semicolons, UTF-8 with or without mark.
    """
    if (file.size or 0) > FILE_BYTES_MAX:
        return [], [], f"The file is larger than {FILE_BYTES_MAX // 1024:,} kB. Send it in parts."
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], [], "The file is not in UTF-8. Save it as “CSV UTF-8”."
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    try:
        return _csv_rows(list(form.base_fields), form, reader)
    except csv.Error as fault:
        return [], [], f"Line {reader.line_num} is no CSV: {fault}."


def _csv_rows(names: list[str], form: type[RowForm], reader: Any) -> tuple[list[dict[str, str]], list[int], str]:
    titles = [title.strip().lower() for title in next(reader, [])]
    unknown = [title for title in titles if title and title not in names]
    twice = [title for title in titles if title and titles.count(title) > 1]
    missing = [name for name in names if form.base_fields[name].required and name not in titles]
    if unknown or missing or twice:
        known = f"The first line names the columns, which may be: {', '.join(names)}."
        wrong = [f"There is no column “{unknown[0]}”."] if unknown else []
        wrong += [f"The column “{missing[0]}” is missing."] if missing else []
        wrong += [f"The column “{twice[0]}” stands there twice."] if twice else []
        return [], [], " ".join([*wrong, known])
    rows, lines = [], []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(titles) and any(cell.strip() for cell in cells[len(titles) :]):
            return [], [], f"Line {reader.line_num} has {len(cells)} cells for {len(titles)} columns."
        rows.append({title: cell.strip() for title, cell in zip(titles, cells, strict=False) if title})
        lines.append(reader.line_num)
    return rows, lines, ""


def plain(value: Any) -> str:
    """A value as a field of a page holds it."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
