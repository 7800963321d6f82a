"""Who may do what at a retailer: the roles, the rights, and the one table that joins them."""

from enum import StrEnum

from django.db.models import TextChoices


class Role(TextChoices):
    """What somebody is at a retailer; what that means stands in ROLE_TEXTS."""

    OWNER = "owner", "Owner"
    ACCOUNTANT = "accountant", "Accountant"
    STORE_MANAGER = "store_manager", "Store manager"
    VIEWER = "viewer", "Viewer"


class Right(StrEnum):
    """What a page or a button of the portal asks for."""

    SEE_FIGURES = "see_figures"
    SEE_TAX = "see_tax"
    SEE_RECEIPTS = "see_receipts"
    # Figures as files. Receipts as files show what every customer bought, so that is a right of its own.
    EXPORT = "export"
    EXPORT_RECEIPTS = "export_receipts"
    MANAGE_PEOPLE = "manage_people"
    # Days as they were closed, with taxes, and what was counted in the drawers; of the stores in the scope.
    SEE_BOOKS = "see_books"
    COUNT_CASH = "count_cash"
    # The whole retailer's journal, accounts, VAT and audit files, and writing into them.
    KEEP_BOOKS = "keep_books"
    SEE_STOCK = "see_stock"
    KEEP_STOCK = "keep_stock"
    # Tills with their lives, and what is odd about them; keeping them enrols, suspends and answers.
    SEE_TILLS = "see_tills"
    KEEP_TILLS = "keep_tills"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.ACCOUNTANT: frozenset(Right) - {Right.MANAGE_PEOPLE, Right.KEEP_STOCK, Right.KEEP_TILLS},
    # The same for the manager's stores; which ones these are is a matter of the scope, not of rights.
    Role.STORE_MANAGER: frozenset(Right) - {Right.MANAGE_PEOPLE, Right.KEEP_BOOKS},
    Role.VIEWER: frozenset({Right.SEE_FIGURES, Right.SEE_RECEIPTS, Right.EXPORT, Right.SEE_STOCK, Right.SEE_TILLS}),
}
# One sentence for whoever gives a role.
ROLE_TEXTS: dict[Role, str] = {
    Role.OWNER: "Everything at all stores, and decides who else gets in.",
    Role.ACCOUNTANT: "All stores: figures with taxes, receipts, books, every export; stock and tills to look at.",
    Role.STORE_MANAGER: "Chosen stores only: figures with taxes, receipts, cash, stock, tills, and their exports.",
    Role.VIEWER: "All stores, to look at: figures, receipts, stock, tills. No taxes, no books, no export of receipts.",
}


def may(role: Role, right: Right) -> bool:
    """Whether the role has the right."""
    return right in RIGHTS[role]


def roles_with(right: Right) -> list[Role]:
    """Every role that has the right, the most powerful first."""
    return [role for role in Role if may(role, right)]
