"""The accounts: their balances, one account's statement, and what is posted where."""

from datetime import datetime
from typing import Any

from accounting.books.asking import BalancesAsking, StatementAsking
from accounting.books.chart import open_books
from accounting.books.models import PostingRule
from accounting.books.queries import Balance, StatementLine, balances, statement
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.asking import Asking
from portal.sheets.pages import Action, Contents, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row

BALANCES = (
    Column("account", "Account", Kind.TEXT),
    Column("name", "Name", Kind.TEXT),
    Column("kind", "Kind", Kind.TEXT),
    Column("opening", "Opening", Kind.MONEY),
    Column("debit", "Debit", Kind.MONEY),
    Column("credit", "Credit", Kind.MONEY),
    Column("closing", "Closing", Kind.MONEY),
    Column("in_use", "In use", Kind.TEXT),
)
STATEMENT = (
    Column("entry", "Entry", Kind.TEXT),
    Column("dated", "Date", Kind.DATE),
    Column("store", "Store", Kind.TEXT),
    Column("text", "Text", Kind.TEXT),
    Column("debit", "Debit", Kind.MONEY),
    Column("credit", "Credit", Kind.MONEY),
    Column("balance", "Balance", Kind.MONEY),
)
RULES = (
    Column("purpose", "What", Kind.TEXT),
    Column("key", "Which", Kind.TEXT),
    Column("account", "Account", Kind.TEXT),
    Column("name", "Name", Kind.TEXT),
)
BALANCES_ARE = (
    "Each account's balance before the first day, what the period's entries debit and credit, and the balance at its "
    "end. Debits are positive. All debits are as much as all credits, and all balances together are 0."
)
STATEMENT_IS = "The account's lines in the order of their days, with its balance behind each."
RULES_ARE = (
    "What later closes and cash-ups are posted to. “Otherwise” is for every payment method, tax code or kind of line "
    "that has no rule of its own. What was posted stays where it is."
)
OTHERWISE = "otherwise"


def read_accounts(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """The trial balance. Three queries beside those of the address."""
    open_books(scope.retailer_id)
    first, last, currency = asked["first"], asked["last"], asked["currency"]
    found = [row for row in balances(scope.retailer_id, currency, first, last) if row.account.is_active or any(row[1:])]
    debits, credits = sum(row.debit for row in found), sum(row.credit for row in found)
    panel = Panel(
        key="balances",
        title="Trial balance",
        definition=BALANCES_ARE,
        columns=BALANCES,
        rows=[_balance_row(row) for row in found],
        currency=currency,
        links=[f"account?account={row.account.number}&first={first}&last={last}&currency={currency}" for row in found],
    )
    figures = [
        Figure("debits", "Debits", "All debits of the period.", debits, Kind.MONEY, currency),
        Figure(
            "credits", "Credits", "All credits of the period: as much as the debits.", credits, Kind.MONEY, currency
        ),
    ]
    return Contents([panel], figures if currency else [])


def read_account(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """One account's statement. Two queries beside those of the address."""
    account, currency, limit = asked["account"], asked["currency"], asked["limit"]
    opening, found = statement(account, currency, asked["first"], asked["last"], limit=limit + 1, after=asked["after"])
    shown, rest = found[:limit], found[limit:]
    panel = Panel(
        key="statement",
        title="Statement",
        definition=STATEMENT_IS,
        columns=STATEMENT,
        rows=[_statement_row(line) for line in shown],
        currency=currency,
        links=[f"entry?number={one.line.entry.number}" for one in shown],
        empty="Nothing was posted to this account in this time.",
    )
    closing = shown[-1].balance if shown else opening
    figures = [
        Figure("opening", "Opening", "The balance before the first line below.", opening, Kind.MONEY, currency),
        Figure("closing", "Closing", "The balance behind the last line below.", closing, Kind.MONEY, currency),
    ]
    return Contents(
        panels=[panel],
        figures=figures if currency else [],
        actions=_actions(account.number, is_empty=not shown and not opening),
        after=shown[-1].key if rest else "",
        title=str(account),
    )


def read_rules(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """What is posted where."""
    open_books(scope.retailer_id)
    rules = list(PostingRule.objects.filter(retailer=scope.retailer_id).select_related("account"))
    panel = Panel(
        key="rules",
        title="Rules",
        definition=RULES_ARE,
        columns=RULES,
        rows=[
            (rule.get_purpose_display(), rule.key or OTHERWISE, rule.account.number, rule.account.name)
            for rule in rules
        ],
        links=[f"rule?purpose={rule.purpose}&key={rule.key}&account={rule.account.number}" for rule in rules],
    )
    return Contents([panel])


def _actions(number: str, *, is_empty: bool) -> tuple[Action, ...]:
    """What can be done with an account; only one that looks unused is offered to be deleted."""
    change = Action(f"change-account?account={number}", "Change this account")
    delete = Action(f"delete-account?account={number}", "Delete this account")
    return (change, delete) if is_empty else (change,)


def _balance_row(row: Balance) -> Row:
    account = row.account
    in_use = "yes" if account.is_active else "no"
    kind = account.get_kind_display()
    return account.number, account.name, kind, row.opening, row.debit, row.credit, row.closing, in_use


def _statement_row(one: StatementLine) -> Row:
    line, entry = one.line, one.line.entry
    debit, credit = (line.amount, None) if line.amount > 0 else (None, -line.amount)
    store = entry.store.name if entry.store else ""
    text = f"{entry.text}: {line.text}" if line.text else entry.text
    return str(entry.number), entry.dated, store, text, debit, credit, one.balance


ACCOUNTS = Page(
    key="accounts",
    title="Accounts",
    lead="The balance of every account.",
    right=Right.KEEP_BOOKS,
    read=read_accounts,
    lists=(ListShape("balances", BALANCES),),
    asks=BalancesAsking,
    actions=(Action("add-account", "Add an account"),),
)
ACCOUNT = Page(
    key="account",
    title="Account",
    lead="Everything that was posted to one account.",
    right=Right.KEEP_BOOKS,
    read=read_account,
    lists=(ListShape("statement", STATEMENT),),
    asks=StatementAsking,
    tab="accounts",
)
RULES_PAGE = Page(
    key="rules",
    title="Rules",
    lead="Which account payments, sales and taxes are posted to.",
    right=Right.KEEP_BOOKS,
    read=read_rules,
    lists=(ListShape("rules", RULES),),
    asks=Asking,
    actions=(Action("rule", "Set a rule"), Action("settings", "Settings of the books")),
)
