"""What a retailer's people change about their stores and tills, each a step of the registry.

Everything is checked first and named at once; a change is all or nothing. Whose stores they are was asked before.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction

from fleet.room import no_room_for_tills
from fleet.rows import same_name
from transactions import operations
from transactions.models import Life, RegistryStep, Retailer, Store, Terminal
from transactions.operations import ENROL_LOCK, EnrolmentError, Premises, StepRefused
from transactions.steps import record_steps, step_of

# What a store is, apart from its state.
STORE_FIELDS = ("name", "reference", "address", "place", "kind")
DETAIL_MAX = 120


class ChangeFault(ValueError):
    """What is wrong, by field ("" of the whole, "rows.3.label" of a row), for people."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = dict(faults)


def add_store(retailer_id: int, values: Mapping[str, str], by: str) -> Store:
    """A new store. Raises ChangeFault when the reference or the name is another's."""
    retailer = Retailer.objects.get(pk=retailer_id)
    if retailer.status == Life.RETIRED:
        raise ChangeFault({"": "This retailer is retired; nothing can be added."})
    _check_store(retailer_id, values, None)
    premises = Premises(values["address"], values["place"], values["kind"], values["reference"])
    try:
        with transaction.atomic():
            return operations.create_store(retailer=retailer, name=values["name"], premises=premises, by=by)
    except IntegrityError as fault:
        raise ChangeFault({"reference": "Another store has this reference."}) from fault


def change_store(store: Store, values: Mapping[str, str], by: str) -> Store:
    """What a store is called and where it is. Raises ChangeFault."""
    with transaction.atomic():
        locked = Store.objects.select_for_update().get(pk=store.pk)
        _check_store(locked.retailer_id, values, locked.pk)
        changed = [name for name in STORE_FIELDS if getattr(locked, name) != values[name]]
        if not changed:
            return locked
        steps = [
            step_of(
                locked, RegistryStep.Kind.CHANGED, by=by, reason=f"its {name}",
                before=getattr(locked, name)[:DETAIL_MAX], after=values[name][:DETAIL_MAX],
            )
            for name in changed
        ]  # fmt: skip
        for name in changed:
            setattr(locked, name, values[name])
        try:
            with transaction.atomic():
                locked.save(update_fields=changed)
        except IntegrityError as fault:
            raise ChangeFault({"reference": "Another store has this reference."}) from fault
        record_steps(steps)
    return locked


def add_tills(store: Store, labels: Sequence[str], status: Life, by: str) -> list[Terminal]:
    """New tills of a store, one for each label. Raises ChangeFault when a label is there already or stands twice."""
    with transaction.atomic():
        _lock_enrolment()
        there = dict(_labels(store, labels))
        counted = Counter(labels)
        faults = {}
        for number, label in enumerate(labels):
            if label in there:
                faults[f"rows.{number}.label"] = f"The store has a till {label} already, number {there[label]}."
            elif label and counted[label] > 1:
                faults[f"rows.{number}.label"] = f"{label} stands here twice; each till needs a name of its own."
        if why := no_room_for_tills(store.retailer_id, len(labels)):
            faults[""] = why
        if faults:
            raise ChangeFault(faults)
        try:
            return operations.enrol_terminals(store=store, count=len(labels), labels=labels, status=status, by=by)
        except EnrolmentError as fault:
            raise ChangeFault({"": f"Nothing was added: {fault}."}) from fault


def rename(terminal: Terminal, label: str, by: str) -> None:
    """The till's own name or serial number. Raises ChangeFault when another till of its store has it."""
    with transaction.atomic():
        _lock_enrolment()
        locked = Terminal.objects.select_for_update().select_related("store").get(pk=terminal.pk)
        there = dict(_labels(locked.store, [label]))
        if label in there and there[label] != locked.pk:
            raise ChangeFault({"label": f"Till number {there[label]} of this store is called so."})
        if locked.label == label:
            return
        step = step_of(locked, RegistryStep.Kind.CHANGED, before=locked.label, after=label, reason="its label", by=by)
        locked.label = label
        locked.save(update_fields=["label"])
        record_steps([step])


def change_tills(terminals: Sequence[Terminal], status: Life, reason: str, by: str) -> None:
    """The next step of some tills, all of them or none. Raises ChangeFault that names every one that cannot."""
    refused = []
    with transaction.atomic():
        for terminal in sorted(terminals, key=lambda one: one.pk):
            try:
                operations.change_status(terminal, status, reason=reason, by=by)
            except StepRefused as fault:
                refused.append(str(fault))
        if refused:
            raise ChangeFault({"tills": "; ".join(refused) + "."})


def change_store_status(store: Store, status: Life, reason: str, by: str) -> None:
    """The next step of a store, which holds for all its tills. Raises ChangeFault."""
    try:
        operations.change_status(store, status, reason=reason, by=by)
    except StepRefused as fault:
        raise ChangeFault({"status": f"{fault}."}) from fault


def _check_store(retailer_id: int, values: Mapping[str, str], own: int | None) -> None:
    others = Store.objects.filter(retailer=retailer_id).exclude(pk=own or 0)
    faults = {}
    if values["reference"] and others.filter(reference=values["reference"]).exists():
        faults["reference"] = "Another store has this reference."
    if any(
        same_name(name, values["name"])
        for name in others.filter(name__iexact=values["name"]).values_list("name", flat=True)
    ):
        faults["name"] = "Another store is called so. Give it a name of its own, such as with its street."
    if faults:
        raise ChangeFault(faults)


def _labels(store: Store, labels: Sequence[str]) -> list[tuple[str, int]]:
    found: Any = Terminal.objects.filter(store=store, label__in=[label for label in labels if label])
    return list(found.exclude(status=Life.RETIRED).values_list("label", "number"))


def _lock_enrolment() -> None:
    """Two who give the same label at once: the second one sees the first one's till."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ENROL_LOCK])
