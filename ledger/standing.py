"""What this process's database role could do to the ledger: asked in one query of PostgreSQL's own catalog."""

from dataclasses import dataclass

from django.db import connections

# Tables whose rows are never changed by anybody but their owner.
WATCHED = [
    "ledger_block", "ledger_entry", "ledger_markedrecord", "ledger_correction", "ledger_logentry", "ledger_checkpoint",
]  # fmt: skip
# Being able to become the owner (SET ROLE) is as good as being it.
STANDING = """
SELECT current_user::text,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
       coalesce(bool_or(pg_has_role(relowner, 'MEMBER')), false),
       coalesce(bool_or(has_any_column_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'DELETE, TRUNCATE')), false)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A role, and what it could do to the ledger."""

    role: str
    is_superuser: bool
    is_owner: bool
    may_change: bool

    @property
    def is_harmless(self) -> bool:
        """It cannot change what is in the ledger."""
        return not (self.is_superuser or self.is_owner or self.may_change)

    @property
    def line(self) -> str:
        """For a person: the role, and what follows from it."""
        if self.is_superuser:
            return f"WARNING: {self.role} is a superuser and can change the ledger"
        if self.is_owner:
            return f"WARNING: {self.role} owns the ledger's tables and can change them"
        if self.may_change:
            return f"WARNING: {self.role} has rights to change the ledger"
        return f"{self.role}, cannot change the ledger"


def read_standing(alias: str) -> Standing:
    """The standing of the role that this process connects with. Raises DatabaseError when it cannot be asked."""
    with connections[alias].cursor() as cursor:
        cursor.execute(STANDING, [WATCHED])
        return Standing(*cursor.fetchone())
