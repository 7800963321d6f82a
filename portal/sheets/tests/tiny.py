"""A tiny service, declared as services are: two lists on one page, a page behind a row, and two forms.

What it lists is the retailer's stores; what its forms save becomes stores, too, so that nothing of it needs a table.
"""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from portal.rights import Right
from portal.scope import Scope
from portal.sheets.addresses import api_urls, urls
from portal.sheets.asking import Asking, PeriodAsking, StoreAsking
from portal.sheets.fields import MoneyField, QuantityField, ScopeStoreField, in_minor
from portal.sheets.forms import FormFault, FormPage, RowForm, Saved, ServiceForm
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page, Service
from portal.sheets.panels import Column, Figure, Kind, Panel, Row
from possys import problems
from possys.accounts.models import User
from transactions.models import Store

CURRENCY = "CZK"
TAKINGS = (
    Column("store", "Store", Kind.TEXT),
    Column("taken", "Taken", Kind.MONEY),
    Column("sold", "Sold", Kind.QUANTITY),
    Column("share", "Share", Kind.PERCENT),
    Column("day", "Day", Kind.DATE),
    Column("at", "At", Kind.MOMENT),
    Column("count", "Receipts", Kind.COUNT),
)
NAMES = (Column("name", "Name", Kind.TEXT),)


class TakingsAsking(PeriodAsking, StoreAsking):
    """A period and a store."""

    busy = forms.BooleanField(required=False, label="Only busy ones")
    sort = forms.ChoiceField(required=False, label="Sort", choices=(("", "By name"), ("number", "By number")))


def read_takings(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """A row a store, `limit` of them at once; `after` is the number of the last one."""
    stores = Store.objects.filter(pk__in=asked["stores"], pk__gt=int(asked["after"] or 0)).order_by("pk")
    found = list(stores[: asked["limit"] + 1])
    shown = found[: asked["limit"]]
    rows: list[Row] = [
        (store.name, 1_234_550, 15_000, 1_250, asked["first"], now, store.pk if asked["busy"] else None)
        for store in shown
    ]
    links = [f"store?number={store.pk}" for store in shown]
    takings = Panel("takings", "Takings", "What was taken.", TAKINGS, rows, currency=CURRENCY, links=links)
    names = Panel("names", "Names", "What they are called.", NAMES, [(store.name,) for store in shown])
    return Contents(
        panels=[takings, names],
        figures=[Figure("total", "Total", "All of it.", 123, Kind.MONEY, CURRENCY, before=100)],
        notes=("A note <b>with</b> markup.",),
        hints=() if shown else (Hint("Open a store first.", "open", "Open a store"),),
        after=str(shown[-1].pk) if len(found) > len(shown) else "",
    )


class StoreNumberAsking(Asking):
    """One store by its number."""

    number = forms.IntegerField(widget=forms.HiddenInput)


def read_store(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One store of the scope."""
    found = next((store for store in scope.stores if store.id == asked["number"]), None)
    if found is None:
        raise Http404
    return Contents(panels=[Panel("names", "Names", "What it is called.", NAMES, [(found.name,)])], title=found.name)


class OpenForm(ServiceForm):
    """Opens stores beside one that there is."""

    near = ScopeStoreField(label="Near")
    rent = MoneyField(label="Rent", required=False, help_text="A month, in CZK.")
    is_loud = forms.BooleanField(label="Loud", required=False)


class OpenRow(RowForm):
    """One store that opens."""

    name = forms.CharField(label="Name", max_length=20)
    area = QuantityField(label="Area", required=False, help_text="Square metres.")
    opened = forms.DateField(label="Opened", required=False)


def save_open(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Saves one by one, so that a fault in a later row finds earlier ones written."""
    for number, row in enumerate(asked["rows"]):
        if row["name"] == "Nowhere":
            raise FormFault({f"rows.{number}.name": "Nowhere is no place.", "near": "Or it is near to nothing."})
        area = "" if row["area"] is None else f" {row['area']}"
        made = Store.objects.create(retailer_id=scope.retailer_id, name=f"{row['name']}{area}", shard=0)
    rent = "" if asked["rent"] is None else f", for {in_minor(asked['rent'], CURRENCY)}"
    return Saved(f"{user} opened {len(asked['rows'])}{rent}, {asked['is_loud']}.", made.pk, f"store?number={made.pk}")


class RemarkForm(ServiceForm):
    """Says something."""

    text = forms.CharField(label="Remark", max_length=60)


def save_remark(scope: Scope, user: User, asked: dict[str, Any], now: datetime) -> Saved:
    """Keeps nothing."""
    return Saved(f"Remarked: {asked['text']}")


SERVICE = Service(
    name="tiny",
    title="Tiny",
    pages=(
        Page(
            key="takings",
            title="Takings",
            lead="What was taken.",
            right=Right.SEE_TAX,
            read=read_takings,
            lists=(ListShape("takings", TAKINGS), ListShape("names", NAMES)),
            asks=TakingsAsking,
            actions=(Action("open", "Open a store"),),
        ),
        Page(
            key="store",
            title="Store",
            lead="One store.",
            right=Right.SEE_FIGURES,
            read=read_store,
            lists=(ListShape("names", NAMES),),
            asks=StoreNumberAsking,
            file_right=Right.EXPORT_RECEIPTS,
            tab="takings",
        ),
    ),
    forms=(
        FormPage(
            key="open",
            title="Open a store",
            lead="Near another.",
            right=Right.MANAGE_PEOPLE,
            form=OpenForm,
            rows=OpenRow,
            rows_max=5,
            save=save_open,
            back="takings",
        ),
        FormPage(
            key="remark",
            title="Remark",
            lead="Say something.",
            right=Right.SEE_FIGURES,
            form=RemarkForm,
            save=save_remark,
            back="takings",
        ),
    ),
)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("account/", include("possys.accounts.urls")),
    path("portal/", include("portal.urls")),
    path("portal/<int:retailer>/tiny/", include(urls(SERVICE))),
    path("api/v1/retailers/<int:retailer>/tiny/", include(api_urls(SERVICE))),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", problems.not_found, {"exception": None}, name="api-docs"),
    re_path(r"^api/", problems.not_found, {"exception": None}),
]
