"""The forms of the people page: whom to let in, and what a member may see."""

from typing import Any

from django import forms

from portal.models import Membership
from portal.operations import MembershipError, check_stores
from portal.rights import Role
from transactions.models import Store

# A login name that is made of the address is no longer (accounts.User.username).
EMAIL_MAX = 150


class AccessForm(forms.Form):
    """A role, and for a store manager the stores; what is ticked for another role is let go."""

    role = forms.TypedChoiceField(choices=Role.choices, coerce=Role, widget=forms.RadioSelect)
    stores = forms.ModelMultipleChoiceField(Store.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, retailer_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.retailer_id = retailer_id
        stores: Any = self.fields["stores"]
        stores.queryset = Store.objects.filter(retailer_id=retailer_id).order_by("name", "id")

    def clean(self) -> dict[str, Any]:
        """Says at the stores what is wrong with them."""
        cleaned = super().clean() or self.cleaned_data
        role, stores = cleaned.get("role"), cleaned.get("stores")
        if role is None or stores is None:
            return cleaned
        if role is not Role.STORE_MANAGER:
            return {**cleaned, "stores": Store.objects.none()}
        try:
            check_stores(self.retailer_id, role, stores)
        except MembershipError as fault:
            self.add_error("stores", str(fault))
        return cleaned


class InvitationForm(AccessForm):
    """The same for somebody new, by their address."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=EMAIL_MAX,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="They get a mail with the way in.",
    )
    field_order = ("email", "role", "stores")


def access_form(membership: Membership) -> AccessForm:
    """What a member has now."""
    initial = {"role": membership.role, "stores": [store.pk for store in membership.stores.all()]}
    return AccessForm(initial=initial, retailer_id=membership.retailer_id)
