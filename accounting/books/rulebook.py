"""Which account something is posted to: a retailer's rules, read once for an entry."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounting.books.models import PostingRule


@dataclass(frozen=True)
class Rulebook:
    """A retailer's rules: the account's number in the database by (purpose, key)."""

    accounts: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, retailer_id: int) -> "Rulebook":
        """One query."""
        rows = PostingRule.objects.filter(retailer=retailer_id).values_list("purpose", "key", "account_id")
        return cls({(purpose, key): account for purpose, key, account in rows})

    @property
    def is_whole(self) -> bool:
        """Whether every purpose has a rule for what has none of its own: then nothing is without an account."""
        return all((purpose, "") in self.accounts for purpose in PostingRule.Purpose.values)

    def account(self, purpose: str, key: str = "") -> int:
        """The key's own account, else that of the purpose."""
        found = self.accounts.get((purpose, key))
        return self.accounts[purpose, ""] if found is None else found
