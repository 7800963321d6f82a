"""The roll-ups worked out once more, in pandas, from the sales' JSON as it lies in the ledger's blocks."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from ledger.blocks import Kind, unpack_body
from ledger.models import Block, MarkedRecord, identity_of
from ledger.records import Record, read
from receipts.receipt import Lateness, lateness_of
from transactions.outages import due_at

# The rows of a table: its key's values, and the other columns' by name.
Table = dict[tuple[Any, ...], dict[str, Any]]
ALLOWED_HOURS = 24 * 365


def recorded() -> list[Record]:
    """Every record that counts, out of the ledger's blocks."""
    marked = set(MarkedRecord.objects.values_list("shard", "block", "position"))
    return [
        read(content)
        for block in Block.objects.order_by("shard", "number")
        for position, (kind, content) in enumerate(unpack_body(bytes(block.body)))
        if kind == Kind.RECORD and (block.shard, block.number, position) not in marked
    ]


class Independent:
    """Frames of sales, item lines, tax rows and payments, and from them each table."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.sales = pd.DataFrame([_sale_row(one) for one in records])
        for kind in ("sale", "refund", "void"):
            self.sales[kind] = (self.sales["type"] == kind).astype("int64")
        common = self.sales[["identity", "retailer", "store", "day", "currency", "sale", "issued_at"]]
        self.lines = _children(records, "lines").merge(common, on="identity")
        self.lines["of_sales"] = self.lines["discount"] * self.lines["sale"]
        self.items = self.lines[self.lines["kind"] == "item"].copy()
        for name in ("category", "sku", "gtin"):
            self.items[name] = self.items[name].fillna("")
        self.items["quantity"] = [int(Decimal(text) * 10_000) for text in self.items["quantity"]]
        self.items["key"] = [
            f"s:{sku}" if sku else f"g:{gtin}" if gtin else f"n:{name}"
            for sku, gtin, name in self.items[["sku", "gtin", "name"]].itertuples(index=False)
        ]
        self.taxes = _children(records, "taxes").merge(common, on="identity")
        self.taxes["rate"] = self.taxes["rate"].fillna("")
        self.payments = _children(records, "payments").merge(common, on="identity")
        self._add_to_sales()

    def _add_to_sales(self) -> None:
        """What each sale's lines and taxes come to."""
        whole = self.lines[self.lines["kind"] == "discount"]
        columns = {
            "taken": self.lines.groupby("identity")["discount"].sum(),
            "whole": whole.groupby("identity")["amount"].sum(),
            "lines": self.items.groupby("identity").size(),
            "tax": self.taxes.groupby("identity")["tax"].sum(),
        }
        for name, values in columns.items():
            self.sales[name] = self.sales["identity"].map(values).fillna(0).astype("int64")
        self.sales["discounts"] = (self.sales["taken"] - self.sales["whole"]) * self.sales["sale"]

    def store_hours(self) -> Table:
        return self._takings(["store", "day", "hour", "currency"])

    def store_days(self) -> Table:
        return self._takings(["store", "day", "currency"])

    def retailer_hours(self) -> Table:
        return self._takings(["retailer", "day", "hour", "currency"])

    def _takings(self, by: list[str]) -> Table:
        rows = self.sales.assign(
            gross=self.sales["total"] * self.sales["sale"],
            refunded=self.sales["total"] * self.sales["refund"],
            voided=self.sales["total"] * self.sales["void"],
            discounted=((self.sales["discounts"] > 0) & (self.sales["sale"] == 1)).astype("int64"),
            lines=self.sales["lines"] * self.sales["sale"],
        )
        sums = {name: (name, "sum") for name in ("gross", "refunded", "voided", "tax", "discounts", "discounted")}
        return _table(
            rows.groupby(by).agg(
                sales=("sale", "sum"),
                refunds=("refund", "sum"),
                voids=("void", "sum"),
                lines=("lines", "sum"),
                offline=("offline", "sum"),
                late=("late", "sum"),
                **sums,
            )
        )

    def terminal_days(self) -> Table:
        return _table(
            self.sales.groupby(["terminal", "day", "currency"]).agg(
                store=("store", "first"),
                sales=("sale", "sum"),
                refunds=("refund", "sum"),
                voids=("void", "sum"),
                amount=("total", "sum"),
                offline=("offline", "sum"),
                late=("late", "sum"),
                **_WIDTH,
            )
        )

    def terminals(self) -> Table:
        last = ("received_at", "max")
        found = self.sales.groupby(["terminal"]).agg(
            store=("store", "first"), records=("total", "size"), last_received_at=last, **_WIDTH
        )
        return _table(found)

    def tax_days(self, whose: str = "store") -> Table:
        return _table(self.taxes.groupby([whose, "day", "code", "rate", "currency"])[["net", "tax"]].sum())

    def payment_days(self, whose: str = "store") -> Table:
        grouped = self.payments.groupby([whose, "day", "method", "currency"])
        return _table(grouped.agg(payments=("amount", "size"), amount=("amount", "sum")))

    def basket_days(self, whose: str = "store") -> Table:
        rows = self.sales[self.sales["type"] == "sale"].assign(lines=self.sales["lines"].clip(upper=100))
        grouped = rows.groupby([whose, "day", "lines", "currency"])
        return _table(grouped.agg(sales=("total", "size"), amount=("total", "sum")))

    def products(self) -> Table:
        """By retailer and key."""
        rows = self.items.sort_values(["day", "name", "category", "gtin"]).rename(columns={"day": "named_on"})
        return _table(rows.groupby(["retailer", "key"])[["name", "category", "gtin", "named_on"]].last())

    def product_days(self, whose: str = "store") -> Table:
        return self._line_sums([whose, "day", "key", "currency"])

    def product_months(self, whose: str = "store") -> Table:
        return self._line_sums([whose, "month", "key", "currency"])

    def category_days(self, whose: str = "store") -> Table:
        return self._line_sums([whose, "day", "category", "currency"])

    def _line_sums(self, by: list[str]) -> Table:
        rows = self.items.assign(month=[day.replace(day=1) for day in self.items["day"]])
        sums = rows.groupby(by).agg(
            quantity=("quantity", "sum"), amount=("amount", "sum"), discounts=("of_sales", "sum")
        )
        in_sales = rows[rows["sale"] == 1].groupby(by)["identity"].nunique()
        sums["baskets"] = in_sales.reindex(sums.index).fillna(0).astype("int64")
        return _table(sums)

    def sale_rows(self) -> Table:
        """With the methods and the products as sets of names and keys."""
        methods = self.payments.groupby("identity")["method"].agg(set)
        keys = self.items.groupby("identity")["key"].agg(set)
        rows = self.sales.assign(is_late=self.sales["late"] == 1)
        rows["methods"] = [methods.get(identity, set()) for identity in rows["identity"]]
        rows["products"] = [keys.get(identity, set()) for identity in rows["identity"]]
        dropped = {
            "retailer",
            "terminal",
            "sequence",
            "received_at",
            "offline",
            "late",
            "sale",
            "refund",
            "void",
            "tax",
        }
        return _table(rows.set_index(["identity"]).drop(columns=[*dropped, "taken", "whole"]))


_WIDTH = {
    "first_issued_at": ("issued_at", "min"),
    "last_issued_at": ("issued_at", "max"),
    "first_sequence": ("sequence", "min"),
    "last_sequence": ("sequence", "max"),
}


def _sale_row(one: Record) -> dict[str, Any]:
    sale = one.sale
    late = lateness_of(sale["issued_at"], one.received_at, ALLOWED_HOURS, due_at) != Lateness.IN_TIME
    return {
        "identity": identity_of(sale["terminal"], sale["sequence"]),
        "retailer": one.retailer,
        "store": one.store,
        "day": pd.Timestamp(sale["issued_at"][:10]).date(),
        "hour": int(sale["issued_at"][11:13]),
        "issued_at": pd.Timestamp(sale["issued_at"]).tz_convert("UTC"),
        "received_at": pd.Timestamp(one.received_at).tz_convert("UTC"),
        "offline": int(sale["mode"] == "offline"),
        "late": int(late),
        **{name: sale[name] for name in ("terminal", "sequence", "type", "currency", "total")},
    }


def _children(records: Sequence[Record], name: str) -> pd.DataFrame:
    """All lines, tax rows or payments, each with the identity of its sale."""
    return pd.DataFrame(
        [
            {"identity": identity_of(one.sale["terminal"], one.sale["sequence"]), **child}
            for one in records
            for child in one.sale[name]
        ]
    )


def _table(frame: pd.DataFrame) -> Table:
    rows: dict[Any, dict[str, Any]] = frame.to_dict("index")  # type: ignore[assignment]
    return {key if isinstance(key, tuple) else (key,): row for key, row in rows.items()}
