"""The form of a membership in the admin: the rules of a store manager's stores, said where they are broken."""

from typing import Any

from django import forms

from portal.models import Membership
from portal.operations import LAST_OWNER, MembershipError, check_stores
from portal.queries import is_last_owner
from portal.rights import Role


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    """Person and retailer are chosen once."""

    class Meta:
        model = Membership
        fields = ("user", "retailer", "role", "stores", "is_active")

    def clean(self) -> dict[str, Any]:
        """Says at the stores what is wrong with them."""
        cleaned = super().clean() or self.cleaned_data
        retailer = cleaned.get("retailer") or (self.instance.retailer if self.instance.pk else None)
        role, stores = cleaned.get("role"), cleaned.get("stores")
        if retailer is not None and role and stores is not None:
            try:
                check_stores(retailer.pk, Role(role), stores)
            except MembershipError as fault:
                self.add_error("stores", str(fault))
        if self.instance.pk and role:
            self._check_change(Role(role), is_active=bool(cleaned.get("is_active")))
        return cleaned

    def _check_change(self, role: Role, *, is_active: bool) -> None:
        before = Membership.objects.get(pk=self.instance.pk)
        stays_owner = is_active and role is Role.OWNER
        if not stays_owner and is_last_owner(before):
            self.add_error("role" if is_active else "is_active", LAST_OWNER)
        if not before.is_active and not is_active:
            self.add_error("is_active", "This person is kept out; nothing can be changed until they are let in again.")
