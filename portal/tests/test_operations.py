"""Changing who gets in: the rules of roles and stores, the last owner, and what is kept of every change."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction

from portal import operations, queries
from portal.models import Membership, MembershipChange
from portal.operations import STORES_MAX, Author, MembershipError, change_membership, remove_membership
from portal.rights import Role
from possys.accounts.models import User
from tests.cast import RetailCast, make_member, make_retail_cast, make_user
from transactions.models import Store


def membership_of(name: str) -> Membership:
    return Membership.objects.get(user__username=name)


@pytest.fixture
def author(cast: RetailCast) -> Author:
    return Author(User.objects.get(username="corner-owner"))


def test_an_invitation_makes_a_login_without_a_password_only_where_there_is_none(
    cast: RetailCast, author: Author
) -> None:
    new = operations.invite(
        retailer=cast.retailer, email=" Jana@Example.ORG ", role=Role.VIEWER, stores=(), author=author
    )
    assert (new.user.username, new.user.email) == ("jana@example.org", "jana@example.org")
    assert not new.user.has_usable_password()
    known = operations.invite(
        retailer=cast.retailer, email="STRANGER@example.org", role=Role.VIEWER, stores=(), author=author
    )
    assert known.user == User.objects.get(username="stranger")
    with pytest.raises(MembershipError, match="gets in already, as viewer"):
        operations.invite(retailer=cast.retailer, email="jana@example.org", role=Role.OWNER, stores=(), author=author)


def test_a_store_manager_has_stores_of_the_retailer_and_nobody_else_has_any(cast: RetailCast, author: Author) -> None:
    manager = membership_of("corner-store-manager")
    refused: tuple[tuple[Role, list[Store], str], ...] = (
        (Role.STORE_MANAGER, [], "at least one store"),
        (Role.STORE_MANAGER, [cast.stores[0], cast.rival_store], "Not one of the retailer's stores: Lake Road"),
        (Role.STORE_MANAGER, [Store(retailer=cast.retailer)] * (STORES_MAX + 1), f"at most {STORES_MAX}"),
        (Role.VIEWER, [cast.stores[0]], "Only a store manager has stores"),
    )
    for role, stores, message in refused:
        with pytest.raises(MembershipError, match=message):
            change_membership(manager, role=role, stores=stores, author=author)
    change_membership(manager, role=Role.STORE_MANAGER, stores=[cast.stores[2]], author=author)
    scope = queries.scope_of(manager.user, cast.retailer.pk)
    assert scope is not None
    assert scope.store_ids == (cast.stores[2].pk,)
    change_membership(manager, role=Role.VIEWER, stores=[], author=author)
    assert list(manager.stores.all()) == []


def test_the_last_owner_is_neither_lowered_nor_removed(cast: RetailCast, author: Author) -> None:
    owner = membership_of("corner-owner")
    with pytest.raises(MembershipError, match="last owner"):
        change_membership(owner, role=Role.ACCOUNTANT, stores=(), author=author)
    with pytest.raises(MembershipError, match="last owner"):
        remove_membership(owner, author=author)
    second = make_member(cast.retailer, Role.OWNER, name="second-owner")
    remove_membership(owner, author=author)
    with pytest.raises(MembershipError, match="does not get in any more"):
        remove_membership(owner, author=author)
    with pytest.raises(MembershipError, match="last owner"):
        remove_membership(second, author=author)


def test_every_change_is_kept_and_what_changes_nothing_is_not(cast: RetailCast, author: Author) -> None:
    MembershipChange.objects.all().delete()
    viewer = membership_of("corner-viewer")
    change_membership(viewer, role=Role.VIEWER, stores=(), author=author)
    change_membership(viewer, role=Role.STORE_MANAGER, stores=cast.stores[:2], author=author)
    change_membership(viewer, role=Role.STORE_MANAGER, stores=reversed(cast.stores[:2]), author=author)
    remove_membership(viewer, author=author)
    operations.give_membership(
        user=viewer.user, retailer=cast.retailer, role=Role.ACCOUNTANT, stores=(), author=Author(author.user, True)
    )
    kept = [(one.kind, one.detail, one.is_by_staff) for one in queries.changes(cast.retailer.pk)]
    assert kept == [
        ("given", "Accountant", True),
        ("removed", "Store manager: High Street, Mill Lane", False),
        ("changed", "Viewer → Store manager: High Street, Mill Lane", False),
    ]
    assert list(queries.changes(cast.rival_retailer.pk)) == []


def test_many_stores_are_counted_and_not_all_named() -> None:
    stores = [Store(name=f"Store {number}") for number in range(8)]
    said = operations.described(Role.STORE_MANAGER, stores)
    assert said == "Store manager: Store 0, Store 1, Store 2, Store 3, Store 4 and 3 more"


def test_the_database_refuses_a_second_membership_and_an_unknown_role(cast: RetailCast) -> None:
    owner = membership_of("corner-owner")
    with pytest.raises(IntegrityError, match="one_membership_a_person_and_retailer"), transaction.atomic():
        Membership.objects.create(user=owner.user, retailer=cast.retailer, role=Role.VIEWER)
    with pytest.raises(IntegrityError, match="membership_role_is_known"), transaction.atomic():
        Membership.objects.create(user=make_user("other"), retailer=cast.retailer, role="king")


def test_two_owners_who_remove_each_other_at_one_moment_do_not_both_succeed(transactional_db: None) -> None:
    cast = make_retail_cast()
    first = membership_of("corner-owner")
    second = make_member(cast.retailer, Role.OWNER, name="second-owner")
    together = Barrier(2)

    def remove(removed: Membership, by: Membership) -> str:
        try:
            together.wait()
            remove_membership(removed, author=Author(by.user))
        except MembershipError as fault:
            return str(fault)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        said = [pool.submit(remove, *pair) for pair in ((first, second), (second, first))]
        assert sorted(one.result() for one in said) == ["", operations.LAST_OWNER]
    assert len(queries.owners(cast.retailer.pk)) == 1
