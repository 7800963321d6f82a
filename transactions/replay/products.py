"""The products table of the source: a readable name, category, kind and tax class for each product."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyarrow import parquet

from transactions.replay.taxes import PETROL_TYPE_START, ZERO, TaxClass, tax_class

# The source shortens words to fit thirty letters; these stand in many names.
WORDS = {
    "frzn": "frozen",
    "refrgratd": "refrigerated",
    "vegetabl": "vegetable",
    "veg": "vegetable",
    "flvrd": "flavored",
    "drnk": "drink",
    "drnks": "drinks",
    "mx": "mix",
    "mxs": "mixes",
    "pwdr": "powder",
    "crystl": "crystal",
    "pnt": "peanut",
    "btr": "butter",
    "pckgd": "packaged",
    "bkd": "baked",
    "fd": "food",
    "brkfst": "breakfast",
    "whlsm": "wholesome",
    "sald": "salad",
    "drsng": "dressing",
    "sndwch": "sandwich",
    "sprd": "spread",
    "tiss": "tissue",
    "dnr": "dinner",
    "dnrs": "dinners",
    "cleang": "cleaning",
    "trsh": "trash",
    "bg": "bags",
    "pkld": "pickled",
    "jce": "juice",
    "conc": "concentrate",
    "bn": "bean",
    "wtr": "water",
    "chkn": "chicken",
    "choc": "chocolate",
    "reg": "regular",
    "prem": "premium",
    "splt": "split",
    "sngl": "single",
    "asst": "assorted",
}
UNITS = frozenset({"OZ", "LB", "CT", "ML", "PK", "GA", "PT", "QT", "FT", "SQ", "IN"})
WORD = re.compile(r"[A-Z][A-Z']*")
UNSAFE = re.compile(r"[^ !#-\[\]-~]")
NAME_CHARACTERS_MAX = 120
CATEGORY_CHARACTERS_MAX = 60
OTHER_CATEGORY = "Other"


class Product(NamedTuple):
    """What a receipt says of a product."""

    name: str
    category: str
    kind: str
    tax: TaxClass


def readable(text: str) -> str:
    """The source's capitals as words: "FRZN ICE" to "Frozen Ice"; nothing that JSON would have to escape."""

    def word(match: re.Match[str]) -> str:
        lower = match[0].lower()
        return WORDS.get(lower, lower).capitalize()

    spaced = re.sub(r"([:,)])(?=\w)", r"\1 ", UNSAFE.sub(" ", text))
    return " ".join(WORD.sub(word, spaced).split())


def size_text(size: str) -> str:
    """A package size with its units in small letters: "22 LB" to "22 lb"."""
    return " ".join(part.lower() if part in UNITS else part for part in UNSAFE.sub(" ", size).split())


@dataclass(slots=True)
class Catalogue:
    """Sorted product ids with their source columns; products are worked out when first asked for."""

    ids: npt.NDArray[np.int64]
    petrol: npt.NDArray[np.bool_]
    departments: list[str]
    categories: list[str]
    types: list[str]
    sizes: list[str]
    known: dict[int, Product] = field(default_factory=dict)

    def product(self, product_id: int) -> Product:
        """A product; one that the table does not list is named by its number."""
        found = self.known.get(product_id)
        if found is None:
            found = self.known[product_id] = self._work_out(product_id)
        return found

    def _work_out(self, product_id: int) -> Product:
        place = int(np.searchsorted(self.ids, product_id))
        if place == len(self.ids) or self.ids[place] != product_id:
            return Product(f"Item {product_id}", OTHER_CATEGORY, "item", ZERO)
        department, category = self.departments[place], self.categories[place]
        name = readable(self.types[place]) or f"{readable(department)} item {product_id}"
        return Product(
            name=f"{name} {size_text(self.sizes[place])}".strip()[:NAME_CHARACTERS_MAX],
            category=(readable(category) or readable(department))[:CATEGORY_CHARACTERS_MAX],
            kind={"COUPON": "other"}.get(department, "deposit" if category == "BOTTLE DEPOSITS" else "item"),
            tax=tax_class(department=department, category=category, product_type=self.types[place]),
        )


def load_catalogue(path: Path) -> Catalogue:
    """Reads the 92,331 products; missing texts are empty."""
    wanted = ["product_id", "department", "product_category", "product_type", "package_size"]
    table = parquet.read_table(path, columns=wanted).sort_by("product_id")
    texts = [[text or "" for text in table.column(name).to_pylist()] for name in wanted[1:]]
    departments, categories, types, sizes = texts
    return Catalogue(
        ids=table.column("product_id").to_numpy(),
        petrol=np.array([text.startswith(PETROL_TYPE_START) for text in types]),
        departments=departments,
        categories=categories,
        types=types,
        sizes=sizes,
    )
