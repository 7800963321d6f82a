"""The chart of accounts and the rules: made once with defaults, then changed by owner and accountant.

What was posted stays where it is: a changed rule is for later entries only, and an account with lines is never deleted
(the lines' foreign keys) but taken out of use.
"""

from django.db import transaction
from django.db.models import Q

from accounting.books.defaults import ACCOUNTS
from accounting.books.faults import BooksFault
from accounting.books.models import Account, Books, JournalLine, PostingRule
from accounting.books.rulebook import Rulebook

Purpose = PostingRule.Purpose
METHODS = ("cash", "card", "transfer", "voucher", "account", "other")
LINE_KINDS = ("deposit", "tip", "voucher", "other")
# A tax code as a sale has it (transactions/sale.py).
TAX_CODE_MAX = 8
# Lines of both say their tax code; the VAT ledger's check tells them apart by the kind of their account.
NEEDED_KINDS: dict[str, tuple[str, str]] = {
    Purpose.TAX: (Account.Kind.LIABILITY, "Output tax is owed to the tax office: choose a liability."),
    Purpose.REVENUE: (Account.Kind.INCOME, "Revenue is income: choose an account of that kind."),
}
# Each is a row of a form and of every trial balance.
ACCOUNTS_MAX = 1_000


def open_books(retailer_id: int) -> Books:
    """The retailer's books; the first time they are made, with the default accounts and rules."""
    found = Books.objects.filter(pk=retailer_id).first()
    if found is not None:
        return found
    with transaction.atomic():
        # Of two that come at once the second waits here for the first, and finds all of it.
        books, is_new = Books.objects.get_or_create(pk=retailer_id)
        if is_new:
            make_defaults(retailer_id)
    return books


@transaction.atomic
def make_defaults(retailer_id: int) -> None:
    """The default accounts and rules, as far as they are missing."""
    Account.objects.bulk_create(
        [Account(retailer_id=retailer_id, number=one.number, name=one.name, kind=one.kind) for one in ACCOUNTS],
        ignore_conflicts=True,
    )
    numbers = dict(Account.objects.filter(retailer=retailer_id).values_list("number", "pk"))
    PostingRule.objects.bulk_create(
        [
            PostingRule(retailer_id=retailer_id, purpose=purpose, key=key, account_id=numbers[one.number])
            for one in ACCOUNTS
            for purpose, key in one.posted
        ],
        ignore_conflicts=True,
    )


def rules_of(retailer_id: int) -> Rulebook:
    """The retailer's rules, in which nothing is without an account, whatever became of the defaults."""
    found = Rulebook.of(retailer_id)
    if found.is_whole:
        return found
    make_defaults(retailer_id)
    return Rulebook.of(retailer_id)


@transaction.atomic
def add_account(retailer_id: int, *, number: str, name: str, kind: str) -> Account:
    """A new account. Raises BooksFault."""
    _hold(retailer_id)
    own = Account.objects.filter(retailer=retailer_id)
    if own.filter(number=number).exists():
        raise BooksFault("There is an account with this number already.", "number")
    if own.count() >= ACCOUNTS_MAX:
        raise BooksFault(f"A chart has at most {ACCOUNTS_MAX:,} accounts.")
    return Account.objects.create(retailer_id=retailer_id, number=number, name=name, kind=kind)


@transaction.atomic
def change_account(account: Account, *, name: str, is_active: bool) -> None:
    """Another name, or out of use and into it again. Raises BooksFault."""
    _hold(account.retailer_id)
    if not is_active and (purposes := _rules_to(account)):
        raise BooksFault(f"Post this to another account first: {purposes}.", "in_use")
    account.name, account.is_active = name, is_active
    account.save(update_fields=["name", "is_active"])


@transaction.atomic
def delete_account(account: Account) -> None:
    """Takes away an account that was never used. Raises BooksFault."""
    _hold(account.retailer_id)
    if purposes := _rules_to(account):
        raise BooksFault(f"Post this to another account first: {purposes}.", "account")
    if JournalLine.objects.filter(account=account).exists():
        raise BooksFault("Something was posted to this account: it can only be taken out of use.", "account")
    account.delete()


@transaction.atomic
def set_rule(retailer_id: int, *, purpose: str, key: str, account: Account | None) -> None:
    """Has later entries post this to the account; without one, to where the purpose is posted otherwise.

    Raises BooksFault.
    """
    _hold(retailer_id)
    _check_key(purpose, key)
    if account is None:
        if not key:
            raise BooksFault("What has no rule of its own needs an account.", "account")
        PostingRule.objects.filter(retailer=retailer_id, purpose=purpose, key=key).delete()
        return
    current = Account.objects.get(pk=account.pk)
    if current.retailer_id != retailer_id or not current.is_active:
        raise BooksFault("Choose an account that is in use.", "account")
    needed, sentence = NEEDED_KINDS.get(purpose, (current.kind, ""))
    if current.kind != needed:
        raise BooksFault(sentence, "account")
    PostingRule.objects.update_or_create(
        retailer_id=retailer_id, purpose=purpose, key=key, defaults={"account": current}
    )


def _check_key(purpose: str, key: str) -> None:
    """Raises BooksFault when nothing of that purpose can have the key."""
    if not key:
        return
    known = {Purpose.PAYMENT: METHODS, Purpose.LINE: LINE_KINDS}.get(Purpose(purpose))
    if known is not None:
        if key not in known:
            raise BooksFault(f"Choose one of {', '.join(known)}.", "key")
    elif purpose not in {Purpose.REVENUE, Purpose.TAX}:
        raise BooksFault("There is only one rule for this: leave it empty.", "key")
    elif len(key) > TAX_CODE_MAX or not key.isprintable():
        raise BooksFault(f"A tax code has at most {TAX_CODE_MAX} characters.", "key")


def _rules_to(account: Account) -> str:
    """What is posted to the account, in words; "" when nothing is."""
    rules = PostingRule.objects.filter(Q(account=account), retailer=account.retailer_id)
    return ", ".join(str(rule) for rule in rules)


def _hold(retailer_id: int) -> None:
    """Makes two changes of a chart wait for each other, so that neither decides by what the other changes."""
    open_books(retailer_id)
    Books.objects.select_for_update().get(pk=retailer_id)
