"""Demo tax classes by department, prices including tax: invented rates, several classes on a receipt."""

from typing import NamedTuple

BASIS_POINTS = 10_000


class TaxClass(NamedTuple):
    """A code on the receipt, its rate in per cent as text, and the same in basis points."""

    code: str
    rate: str
    basis_points: int


STANDARD = TaxClass("A", "8.25", 825)
FOOD = TaxClass("B", "2.25", 225)
PETROL = TaxClass("C", "5.00", 500)
ZERO = TaxClass("Z", "0.00", 0)
TAX_CLASSES = {tax.code: tax for tax in (STANDARD, FOOD, PETROL, ZERO)}

# Departments not named here are general merchandise.
DEPARTMENT_TAX = {
    "GROCERY": FOOD,
    "FROZEN GROCERY": FOOD,
    "PRODUCE": FOOD,
    "MEAT": FOOD,
    "MEAT-PCKGD": FOOD,
    "SEAFOOD": FOOD,
    "SEAFOOD-PCKGD": FOOD,
    "DELI": FOOD,
    "PASTRY": FOOD,
    "NUTRITION": FOOD,
    "FUEL": PETROL,
    "COUPON": ZERO,
    "POSTAL CENTER": ZERO,
}
# Alcohol, and what a grocery department sells that nobody eats, pay the standard rate; deposits are no
# turnover.
CATEGORY_TAX = {
    **dict.fromkeys(
        (
            "BEERS/ALES",
            "DOMESTIC WINE",
            "IMPORTED WINE",
            "MISC WINE",
            "LIQUOR",
            "CAT FOOD",
            "DOG FOODS",
            "CAT LITTER",
            "PET CARE SUPPLIES",
            "BIRD SEED",
            "BATH TISSUES",
            "PAPER TOWELS",
            "PAPER HOUSEWARES",
            "FACIAL TISS/DNR NAPKIN",
            "FD WRAPS/BAGS/TRSH BG",
            "HOUSEHOLD CLEANG NEEDS",
            "LAUNDRY DETERGENTS",
            "LAUNDRY ADDITIVES",
            "DISHWASH DETERGENTS",
            "BLEACH",
            "AIR CARE",
        ),
        STANDARD,
    ),
    "BOTTLE DEPOSITS": ZERO,
}
PETROL_TYPE_START = "GASOLINE"


def tax_class(*, department: str, category: str, product_type: str) -> TaxClass:
    """The class of a product: petrol wherever it was rung up, then by category, then by department."""
    if product_type.startswith(PETROL_TYPE_START):
        return PETROL
    return CATEGORY_TAX.get(category) or DEPARTMENT_TAX.get(department, STANDARD)


def net_of(gross: int, tax: TaxClass) -> int:
    """The net part of a gross amount in minor units, rounded half away from zero in integers."""
    divisor = BASIS_POINTS + tax.basis_points
    net = (2 * abs(gross) * BASIS_POINTS + divisor) // (2 * divisor)
    return -net if gross < 0 else net
