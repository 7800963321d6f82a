"""What each of the staff's roles may do in the admin: groups with rights that are written down here, and nowhere else.

`manage.py prepare` makes the groups and keeps them as they are written. Groups with other names, and rights that a
person was given by hand, stay as they are. A role is work that somebody does; who does two kinds of work is in two
groups. docs/access.md says why each has what it has, and tests hold that page to what the site answers.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import F

SUPPORT, INSPECTOR, OPERATIONS, AUDITOR = "support", "inspector", "operations", "auditor"

# Who sells where with what: everybody's work begins there.
REGISTRY = ("transactions.view_retailer", "transactions.view_store", "transactions.view_terminal",
            "transactions.view_registrystep", "transactions.view_outage")  # fmt: skip
# What was recorded, and how it is proven; the page of an entry shows the receipt.
RECEIPTS = ("ledger.view_entry", "ledger.view_block", "ledger.view_markedrecord")
PROOFS = ("ledger.view_loghead", "ledger.view_checkpoint", "ledger.view_witnesscontact", "ledger.view_logentry",
          "ledger.view_verificationrun", "ledger.view_archivemove", "ledger.view_backuprun")  # fmt: skip
MACHINES = ("ledger.view_head", "ledger.view_epochraise", "ledger.view_service", "ledger.view_feedtoken")
REPORTS = ("receipts.view_case",)
MAILS = ("receipts.view_watch", "receipts.view_mail")
PEOPLE = ("portal.view_membership", "portal.view_apikey")
LOTTERY = ("lottery.view_draw", "lottery.view_entry", "lottery.view_player", "lottery.view_barring", "lottery.view_win",
           "lottery.view_claim", "lottery.view_suspicion")  # fmt: skip
FINDINGS = ("findings.view_finding",)
IMPORTS = ("fleet.view_import",)

RIGHTS: dict[str, frozenset[str]] = {
    # Helps customers and retailers: answers reports, sends mails again, lets people in, gives tills their codes and
    # suspends a till that was stolen. `change_terminal` is all of a till's steps; a store's and a retailer's are not.
    SUPPORT: frozenset(
        {
            *REGISTRY, *RECEIPTS, *REPORTS, *MAILS, *PEOPLE, *FINDINGS,
            "transactions.change_terminal",
            "receipts.change_case",
            "receipts.change_mail",
            "portal.add_membership", "portal.change_membership", "portal.delete_membership",
            "portal.change_apikey",
            "lottery.view_draw", "lottery.view_entry",
        }
    ),
    # Proves: reads the ledger and its proofs, decides on findings, and reads what staff did. Changes no registry.
    INSPECTOR: frozenset(
        {
            *REGISTRY, *RECEIPTS, *PROOFS, *REPORTS, *FINDINGS, *IMPORTS,
            "findings.change_finding",
            "findings.add_findingnote",
            "audit.view_act",
        }
    ),
    # Runs it: the registry's lives, files of tills, outages, services, the stores. No customer's or player's data.
    OPERATIONS: frozenset(
        {
            *REGISTRY, *PROOFS, *MACHINES, *IMPORTS, *FINDINGS,
            "transactions.add_retailer", "transactions.change_retailer",
            "transactions.add_store", "transactions.change_store",
            "transactions.add_terminal", "transactions.change_terminal",
            "transactions.add_outage", "transactions.change_outage",
            "axes.view_accessattempt",
            "ledger.change_service",
            "ledger.change_feedtoken",
            "fleet.add_import",
            "portal.view_apikey", "portal.change_apikey",
        }
    ),
    # Looks at everything and changes nothing; sees to whom prizes are paid only as far as the pages show it to all.
    AUDITOR: frozenset(
        {
            *REGISTRY, *RECEIPTS, *PROOFS, *MACHINES, *REPORTS, *MAILS, *PEOPLE, *LOTTERY, *FINDINGS, *IMPORTS,
            "analytics.view_chosenkind",
            "axes.view_accessattempt",
            "accounts.view_user", "auth.view_group",
            "audit.view_act",
        }
    ),
}  # fmt: skip


class UnknownRightError(RuntimeError):
    """A role names a right that no model has; the message names it."""


class Kept(NamedTuple):
    """What was changed of one role."""

    role: str
    is_new: bool
    given: list[str]
    taken: list[str]

    def __str__(self) -> str:
        told = [f"{sign}{right}" for sign, rights in (("+", self.given), ("-", self.taken)) for right in rights]
        return f"role {self.role}{' made' if self.is_new else ''}: {', '.join(told) or 'as it was'}"


@transaction.atomic
def keep_roles() -> list[Kept]:
    """Makes each role's group and gives it exactly its rights; answers what changed. Raises UnknownRightError."""
    known = {f"{app}.{codename}": key for key, app, codename in _rights(Permission.objects.all())}
    kept = []
    for role, rights in RIGHTS.items():
        if unknown := sorted(rights - known.keys()):
            raise UnknownRightError(f"the role {role} names rights that nothing has: {', '.join(unknown)}")
        group, is_new = Group.objects.get_or_create(name=role)
        has = {f"{app}.{codename}" for _, app, codename in _rights(group.permissions.all())}
        given, taken = sorted(rights - has), sorted(has - rights)
        group.permissions.add(*(known[right] for right in given))
        group.permissions.remove(*(Permission.objects.filter(pk__in=_keys(group, taken))))
        if is_new or given or taken:
            kept.append(Kept(role, is_new, given, taken))
    return kept


def _rights(found: Iterable[Permission]) -> list[tuple[int, str, str]]:
    rows = found.annotate(app=F("content_type__app_label"))  # type: ignore[attr-defined]
    return list(rows.values_list("pk", "app", "codename"))


def _keys(group: Group, rights: list[str]) -> list[int]:
    return [key for key, app, codename in _rights(group.permissions.all()) if f"{app}.{codename}" in rights]
