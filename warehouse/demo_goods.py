"""What the demo says of its goods: who delivers a category, in what packs, how long it keeps, what it costs. Pure.

Categories are those of the real baskets; the suppliers are invented. Everything follows from the category and from the
product's number, so that it is the same at every start.
"""

from typing import NamedTuple

UNIT = 10_000
# Between 55 and 75 % of what was paid without tax, in hundredths of a per cent.
COST_SHARE_MIN, COST_SHARE_SPREAD = 5_500, 2_001
# Of so many products one was forgotten in the counts, one is sold though nobody delivers it, and one was bought in
# quantities that nobody wants: what findings and dead stock are about.
FORGOTTEN_ONE_IN, SHORT_ONE_IN, DEAD_ONE_IN = 97, 89, 23

# Of these no stock is kept.
UNCOUNTABLE = ("Fuel", "Coupon/Misc Items", "Tickets", "In-Store Photofinishing", "Overnight Photofinishing")


class DemoSupplier(NamedTuple):
    """Who delivers what is called so; packs and minimum in units, `keeps_days` 0 for what has no date."""

    name: str
    lead_days: int
    review_days: int
    pack: int
    order_minimum: int
    keeps_days: int
    words: str


# Of several whose words are in a category the first delivers it, the last one everything else.
SUPPLIERS = (
    DemoSupplier("Northern Frozen Foods", 3, 7, 4, 8, 0, "frozen, ice cream"),
    DemoSupplier(
        "Main Street Dry Goods", 3, 7, 6, 6, 0,
        "shelf stable, dry , dried, canned, pickle, crackers, cookies, candy, baking, cereal",
    ),
    DemoSupplier(
        "Meadow Dairy", 1, 3, 2, 4, 14, "milk, cheese, yogurt, butter, margarine, egg, dairy, refrigerated"
    ),
    DemoSupplier("Hearth Bakery", 1, 1, 2, 2, 4, "bread, bun, rolls, cake, pies, sweet goods, sandwiches"),
    DemoSupplier(
        "Prime Cuts Meats", 2, 3, 2, 2, 9,
        "beef, pork, chicken, turkey, meat, sausage, bacon, hot dogs, seafood, lamb, deli",
    ),
    DemoSupplier(
        "Valley Produce", 1, 2, 1, 2, 7,
        "fruit, vegetable, salad, apples, potatoes, onions, tomatoes, peppers, berries, citrus, mushrooms, carrots, "
        "grapes, herbs, squash, melons, pears, broccoli, floral, roses",
    ),
    DemoSupplier(
        "Clear Spring Beverages", 3, 7, 6, 12, 0, "drink, water, wine, beer, juice, coffee, tea, liquor"
    ),
    DemoSupplier(
        "HomeCare Distributors", 5, 14, 3, 6, 0,
        "care, soap, clean, paper, detergent, hygiene, tissue, bags, makeup, deodorant, laundry, batteries, "
        "housewares, first aid, vitamins, cold and flu, analgesics, diapers, pet, litter",
    ),
    DemoSupplier("Old Mill Wholesale", 4, 7, 6, 6, 0, ""),
)  # fmt: skip


def supplier_of(category: str) -> DemoSupplier:
    """Who delivers goods of this category."""
    name = f"{category.lower()} "
    return next((one for one in SUPPLIERS[:-1] if any(word in name for word in one.words.split(", "))), SUPPLIERS[-1])


def unit_cost(product: int, quantity: int, net: int) -> int:
    """What a unit costs that was sold so often for so much: ten-thousandths of a minor unit, in whole minor units.

    `quantity` in ten-thousandths, above 0; `net` in minor units.
    """
    share = COST_SHARE_MIN + product % COST_SHARE_SPREAD
    return max(1, net * share // quantity) * UNIT


def is_forgotten(product: int) -> bool:
    """Whether nobody counted it."""
    return product % FORGOTTEN_ONE_IN == 0


def is_short(product: int) -> bool:
    """Whether it goes below zero."""
    return product % SHORT_ONE_IN == 1


def is_dead(product: int) -> bool:
    """Whether there is far too much of it, as long as nobody buys it."""
    return product % DEAD_ONE_IN == 2


def in_packs(quantity: int, pack: int) -> int:
    """At least so much in whole packs; the quantity in ten-thousandths, the pack in units."""
    size = pack * UNIT
    return -(-quantity // size) * size
