"""Who may do what in the database: one table of rights, which `manage.py prepare` makes true.

`deploy/roles.sql` makes the roles themselves. Each process connects with its own; the tables' owner is used for owner's
commands only. Rights held in whole on partitions, sequences and columns are nobody's: rows go in through the parents, and
identity columns need none.
"""

from typing import NamedTuple

from django.db import connections, transaction

FLUSH, LOG, WEB = "possys_flush", "possys_log", "possys_web"
ROLES = (FLUSH, LOG, WEB)
OWNER = "possys_owner"

NOTHING: frozenset[str] = frozenset()
READ = frozenset({"SELECT"})
# Rows are added and never changed.
ADD = READ | {"INSERT"}
# Rows are moved on. Locking a row (SELECT FOR UPDATE) needs the right to change it.
MOVE = READ | {"UPDATE"}
KEEP = READ | {"INSERT", "UPDATE"}
ORDINARY = READ | {"INSERT", "UPDATE", "DELETE"}

# The rights that a role has on a table beyond what `rights_on` gives by itself.
RIGHTS: dict[str, dict[str, frozenset[str]]] = {
    FLUSH: {
        "ledger_block": ADD,
        "ledger_entry": ADD,
        "ledger_markedrecord": ADD,
        "ledger_head": MOVE,
        # Before it writes, it looks whether this ledger has as many shards as its code.
        "transactions_deployment": READ,
    },
    LOG: {
        "ledger_logentry": ADD,
        "ledger_lognode": ADD,
        "ledger_checkpoint": ADD,
        "ledger_cosignature": ADD,
        "ledger_verificationrun": ADD,
        "ledger_loghead": KEEP,
        "ledger_witnesscontact": KEEP,
        "transactions_deployment": READ,
    },
    WEB: {"django_migrations": READ},
}
LEDGER_PREFIX = "ledger_"
# They read the whole ledger; the flush reads only what it writes.
READERS = frozenset({LOG, WEB})
# Only the flush has days made.
MAKE_DAY = "ledger_make_day(text, date)"
EXECUTORS = frozenset({FLUSH})

TABLES = """
SELECT c.relname, c.relispartition FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f')
"""
GRANTED = """
SELECT r.rolname, c.relname, a.privilege_type
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = 'public'::regnamespace AND r.rolname = ANY(%s)
"""


class Right(NamedTuple):
    """A role's right on a table, in PostgreSQL's word for it."""

    role: str
    table: str
    right: str


class Applied(NamedTuple):
    """What became true: the roles that do not exist, and how many rights were granted and taken back."""

    missing: list[str]
    granted: int
    revoked: int


def rights_on(table: str, role: str) -> frozenset[str]:
    """What a role may do with a table: the web keeps what is not the ledger's and reads the ledger."""
    if (own := RIGHTS[role].get(table)) is not None:
        return own
    if table.startswith(LEDGER_PREFIX):
        return READ if role in READERS else NOTHING
    return ORDINARY if role == WEB else NOTHING


def apply_rights(alias: str) -> Applied:
    """Grants what is missing and takes back what is too much, in one DB transaction; again changes nothing.

    The connection must be the tables' owner's or a superuser's; raises ProgrammingError otherwise.
    """
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(ROLES)])
        present = sorted(name for (name,) in cursor.fetchall())
        cursor.execute(TABLES)
        wanted = {
            Right(role, table, right)
            for table, is_partition in cursor.fetchall()
            if not is_partition
            for role in present
            for right in rights_on(table, role)
        }
        cursor.execute(GRANTED, [present])
        has = {Right(*row) for row in cursor.fetchall()}
        for one in sorted(has - wanted):
            cursor.execute(f'REVOKE {one.right} ON public."{one.table}" FROM {one.role}')
        for one in sorted(wanted - has):
            cursor.execute(f'GRANT {one.right} ON public."{one.table}" TO {one.role}')
        for role in present:
            verb, word = ("GRANT", "TO") if role in EXECUTORS else ("REVOKE", "FROM")
            cursor.execute(f"{verb} EXECUTE ON FUNCTION public.{MAKE_DAY} {word} {role}")
    return Applied([role for role in ROLES if role not in present], len(wanted - has), len(has - wanted))
