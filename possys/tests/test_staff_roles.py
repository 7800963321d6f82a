"""The staff's roles: rights that exist, kept as they are written, and every right of the admin decided."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission

from possys.accounts import roles
from possys.accounts.models import User
from possys.accounts.roles import AUDITOR, INSPECTOR, OPERATIONS, RIGHTS, SUPPORT, UnknownRightError, keep_roles

pytestmark = pytest.mark.django_db

# Decided, too: for administrators (superusers), and for the lottery's own people, to whom an administrator gives the
# rights of docs/lottery.md by hand, two persons being needed for what matters.
OF_ADMINISTRATORS = {
    "accounts.add_user", "accounts.change_user",
    "auth.add_group", "auth.change_group", "auth.delete_group",
    "transactions.delete_retailer", "transactions.delete_store",
    "analytics.add_chosenkind", "analytics.change_chosenkind", "analytics.delete_chosenkind",
}  # fmt: skip
OF_THE_LOTTERY = {
    "lottery.add_draw", "lottery.change_draw", "lottery.open_draw", "lottery.draw_draw", "lottery.publish_draw",
    "lottery.bar_player", "lottery.approve_payout", "lottery.pay_out", "lottery.see_payee",
}  # fmt: skip
CHANGING = ("add", "change", "delete")


def offered() -> set[str]:
    """The rights of the models that the admin shows, but those that its pages refuse to everybody."""
    from django.test import RequestFactory

    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    found = set()
    for model, shown in admin.site._registry.items():
        label = model._meta.app_label
        found |= {f"{label}.{codename}" for codename, _ in model._meta.permissions}
        for verb, asked in (
            ("view", shown.has_view_permission), ("add", shown.has_add_permission),
            ("change", shown.has_change_permission), ("delete", shown.has_delete_permission),
        ):  # fmt: skip
            if asked(request):
                found.add(f"{label}.{verb}_{model._meta.model_name}")
    return found


def test_every_right_of_a_role_exists_and_a_second_time_changes_nothing() -> None:
    assert {one.role for one in keep_roles()} == set(RIGHTS)
    assert keep_roles() == []
    for role, rights in RIGHTS.items():
        group = Group.objects.get(name=role)
        assert {f"{one.content_type.app_label}.{one.codename}" for one in group.permissions.all()} == rights


def test_a_right_that_nothing_has_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(roles.RIGHTS, SUPPORT, frozenset({"transactions.fly_terminal"}))
    with pytest.raises(UnknownRightError, match="fly_terminal"):
        keep_roles()
    assert not Group.objects.exists()


def test_what_was_changed_by_hand_is_put_right_and_said_and_other_groups_stay() -> None:
    keep_roles()
    own = Group.objects.create(name="couriers")
    permission = Permission.objects.get(codename="view_outage")
    own.permissions.add(permission)
    auditor = Group.objects.get(name=AUDITOR)
    auditor.permissions.add(Permission.objects.get(codename="change_terminal"))
    auditor.permissions.remove(permission)
    (kept,) = keep_roles()
    assert str(kept) == "role auditor: +transactions.view_outage, -transactions.change_terminal"
    assert list(own.permissions.all()) == [permission]


def test_every_right_of_the_admin_is_decided() -> None:
    given = set().union(*RIGHTS.values())
    undecided = offered() - given - OF_ADMINISTRATORS - OF_THE_LOTTERY
    assert not undecided, "give each to a role in possys/accounts/roles.py, or to administrators here; docs/access.md"
    assert not given & (OF_ADMINISTRATORS | OF_THE_LOTTERY)


def test_an_auditor_sees_every_page_and_changes_nothing() -> None:
    views = {right for right in offered() if ".view_" in right}
    assert views <= RIGHTS[AUDITOR]
    assert all(right.partition(".")[2].startswith("view_") for right in RIGHTS[AUDITOR])


def test_an_inspector_changes_nothing_but_findings() -> None:
    changing = {right for right in RIGHTS[INSPECTOR] if not right.partition(".")[2].startswith("view_")}
    assert changing == {"findings.change_finding", "findings.add_findingnote"}


def test_operations_sees_no_customer_and_no_player() -> None:
    assert not {right for right in RIGHTS[OPERATIONS] if right.startswith(("receipts.", "lottery.", "accounts."))}
    assert "ledger.view_entry" not in RIGHTS[OPERATIONS]


def test_nobody_but_administrators_gives_rights() -> None:
    assert not {right for rights in RIGHTS.values() for right in rights if right in OF_ADMINISTRATORS}
