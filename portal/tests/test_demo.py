"""The demo's logins: one of each role at the largest retailer and a rival's owner, on one desk only."""

import io
import json
from typing import Any

from django.core.management import call_command

from portal.demo import LARGEST, MANAGED, RIVAL, demo_people
from portal.models import Membership, MembershipChange
from portal.rights import Role
from possys.accounts.models import User
from tests.factories import make_retailer, make_store
from transactions.demo import RETAILERS


def test_the_demo_s_logins_work_and_come_again_as_they_were(db: None, cheap_passwords: None) -> None:
    assert {LARGEST, RIVAL} <= {retailer.name for retailer in RETAILERS}
    largest, rival = make_retailer(LARGEST), make_retailer(RIVAL)
    for number in range(3):
        make_store(largest, name=f"Oak Avenue #{number}")
    make_store(rival)
    printed = io.StringIO()
    call_command("demo_people", json=True, stdout=printed)
    logins = {login["username"]: login for login in json.loads(printed.getvalue())["logins"]}
    assert [login["role"] for login in logins.values()][-1] == "owner, Bluebird Grocers"
    for name, login in logins.items():
        assert User.objects.get(username=name).check_password(login["password"])
    assert Membership.objects.get(user__username="manager").stores.count() == MANAGED
    kept = MembershipChange.objects.count()
    Membership.objects.filter(user__username="viewer").update(role=Role.OWNER)
    demo_people()
    assert Membership.objects.get(user__username="viewer").role == Role.VIEWER
    assert MembershipChange.objects.count() == kept + 1


def test_no_known_login_exists_outside_local_work(db: None, settings: Any) -> None:
    settings.LOCAL_WORK = False
    make_retailer(LARGEST)
    assert demo_people() == []
    assert not Membership.objects.exists()
