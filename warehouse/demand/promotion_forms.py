"""The forms in which a promotion is planned, and taken back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.fields import DayField, ScopeStoreField
from portal.sheets.forms import FormFault, FormPage, Saved, ServiceForm
from possys.accounts.models import User
from warehouse.demand.models import Promotion
from warehouse.demand.promotions import Plan, PlanFault, plan, take_back
from warehouse.stock.listing import categories
from warehouse.stock.naming import Ambiguous, Known, meant, names_of, told

NAME_LENGTH_MAX = 80
PRODUCT_LENGTH_MAX = 122
CATEGORY_LENGTH_MAX = 60
BIGINT_MAX = 2**63 - 1


class PromotionForm(ServiceForm):
    """A price cut."""

    name = forms.CharField(label="Name", max_length=NAME_LENGTH_MAX, help_text="As you call it: “Spring week”.")
    store = ScopeStoreField(required=False, help_text="Empty: all stores.")
    product = forms.CharField(
        label="Product",
        required=False,
        max_length=PRODUCT_LENGTH_MAX,
        help_text="Its number at the till, its GTIN or its exact name. Either a product or a category.",
    )
    category = forms.CharField(label="Category", required=False, max_length=CATEGORY_LENGTH_MAX)
    first_day = DayField(label="First day")
    last_day = DayField(label="Last day")
    discount_percent = forms.IntegerField(
        label="Discount, %", min_value=1, max_value=100, help_text="Taken off the full price."
    )

    def __init__(self, data: Mapping[str, Any] | None, *, scope: Scope, **options: Any) -> None:
        super().__init__(data, scope=scope, **options)
        own: Any = self.fields["store"]
        first = [("", "All stores")] if scope.sees_all_stores else []
        own.choices = [*first, *((store.id, store.name) for store in scope.stores)]
        own.required = not scope.sees_all_stores

    def clean(self) -> dict[str, Any]:
        """A product or a category."""
        found = super().clean() or self.cleaned_data
        if bool(found.get("product")) == bool(found.get("category")) and not self.errors:
            self.add_error("product", "Name a product or a category, and not both.")
        return found


class TakeBackForm(ServiceForm):
    """Which promotion."""

    promotion = forms.IntegerField(label="Promotion", min_value=1, max_value=BIGINT_MAX, widget=forms.HiddenInput)


def save_promotion(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Plans it."""
    product = _product(scope, asked["product"]) if asked["product"] else None
    category = asked["category"]
    if category and category not in categories(scope.retailer_id):
        raise FormFault({"category": "Nothing of this category was sold. Write it as on the page “Demand”."})
    made = Plan(
        asked["name"], asked["store"], product.product if product else None, category,
        asked["first_day"], asked["last_day"], asked["discount_percent"],
    )  # fmt: skip
    try:
        found = plan(scope.retailer_id, made, user, now)
    except PlanFault as fault:
        raise FormFault({fault.field: fault.text}) from fault
    return Saved(f"“{found.name}” is planned. Forecasts count it from the coming night on.", found.pk, "promotions")


def save_taken_back(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Takes it back."""
    try:
        found = take_back(
            asked["promotion"], scope.retailer_id, scope.store_ids, also_all=scope.sees_all_stores, now=now
        )
    except Promotion.DoesNotExist as fault:
        raise FormFault({"promotion": "There is no such promotion of your stores."}) from fault
    return Saved(f"“{found.name}” is taken back. Forecasts count it until the coming night.", found.pk, "promotions")


def initial(scope: Scope, now: datetime, query: Mapping[str, str]) -> dict[str, Any]:
    """A product that is named by its number here, as people name it."""
    number = query.get("of", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return {}
    known = names_of(scope.retailer_id, [int(number)]).get(int(number))
    return {"product": told(known.key)} if known else {}


def _product(scope: Scope, text: str) -> Known:
    found = meant(scope.retailer_id, [text])[text]
    if isinstance(found, Ambiguous):
        raise FormFault({"product": f"{found.products} products are called so: give the number at the till."})
    if found is None:
        raise FormFault({"product": "There is no such product: give its number at the till, its GTIN or exact name."})
    return found


PROMOTION = FormPage(
    key="promotion",
    title="Plan a promotion",
    lead="Forecasts count it from the coming night on, by how much past discounts raised sales.",
    right=Right.KEEP_STOCK,
    form=PromotionForm,
    save=save_promotion,
    back="promotions",
    initial=initial,
)
TAKE_BACK = FormPage(
    key="take-back",
    title="Take a promotion back",
    lead="It stays in the list. Forecasts are without it from the coming night on.",
    right=Right.KEEP_STOCK,
    form=TakeBackForm,
    save=save_taken_back,
    back="promotions",
    button="Take it back",
)
