"""The table of roles and rights, and what a scope makes of it."""

import pytest

from portal.rights import RIGHTS, ROLE_TEXTS, Right, Role, may, roles_with
from portal.scope import Scope, ScopeStore


def test_every_role_is_in_the_tables_and_sees_figures() -> None:
    assert set(RIGHTS) == set(ROLE_TEXTS) == set(Role)
    assert roles_with(Right.SEE_FIGURES) == list(Role)


@pytest.mark.parametrize(
    ("right", "roles"),
    [
        (Right.MANAGE_PEOPLE, {Role.OWNER}),
        (Right.SEE_TAX, {Role.OWNER, Role.ACCOUNTANT, Role.STORE_MANAGER}),
        (Right.EXPORT_RECEIPTS, {Role.OWNER, Role.ACCOUNTANT, Role.STORE_MANAGER}),
        (Right.EXPORT, set(Role)),
        (Right.SEE_RECEIPTS, set(Role)),
    ],
)
def test_a_right_belongs_to_these_roles_and_no_others(right: Right, roles: set[Role]) -> None:
    assert {role for role in Role if may(role, right)} == set(roles_with(right)) == roles


def test_a_scope_keeps_the_names_order_and_names_each_shard_once() -> None:
    stores = (ScopeStore(9, "Alpha", 5), ScopeStore(2, "Beta", 3), ScopeStore(4, "Gamma", 5))
    scope = Scope(1, 7, "Corner Shops", Role.STORE_MANAGER, stores)
    assert scope.store_ids == (9, 2, 4)
    assert scope.shards == (3, 5)
    assert not scope.sees_all_stores
    assert scope.may(Right.SEE_RECEIPTS)
    assert not scope.may(Right.MANAGE_PEOPLE)
