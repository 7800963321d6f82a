"""Who may do what in the database: one table of rights, which `manage.py prepare` makes true.

`deploy/roles.sql` makes the roles. Each process connects with its own; the tables' owner is for owner's commands only.
A day may be read by whoever reads its parent, and no more: rows go in through the parents. Sequences are nobody's:
identity columns need no right on them.
"""

from typing import NamedTuple

from django.db import connections, transaction

from ledger.standing import read_standing

OWNER, FLUSH, LOG, WEB = "possys_owner", "possys_flush", "possys_log", "possys_web"
# Copies the whole database (REPLICATION), and notes that it did.
BACKUP = "possys_backup"
# Those whose rights are granted one by one.
ROLES = (FLUSH, LOG, WEB, BACKUP)

NOTHING: frozenset[str] = frozenset()
READ = frozenset({"SELECT"})
# Rows are added and never changed.
ADD = READ | {"INSERT"}
# Rows are moved on. Locking a row (SELECT FOR UPDATE) needs the right to change it.
MOVE = READ | {"UPDATE"}
KEEP = READ | {"INSERT", "UPDATE"}
ORDINARY = READ | {"INSERT", "UPDATE", "DELETE"}

# What a role may do beyond, or instead of, what `rights_on` gives by itself.
RIGHTS: dict[str, dict[str, frozenset[str]]] = {
    FLUSH: {
        "ledger_block": ADD,
        "ledger_entry": ADD,
        "ledger_markedrecord": ADD,
        "ledger_correction": ADD,
        "ledger_head": MOVE,
        # Whether a block that PostgreSQL lacks was archived.
        "ledger_archivemove": READ,
        # Before it writes, it looks whether this ledger has as many shards as its code.
        "transactions_deployment": READ,
    },
    LOG: {
        "ledger_logentry": ADD,
        "ledger_lognode": ADD,
        "ledger_checkpoint": ADD,
        "ledger_cosignature": ADD,
        "ledger_verificationrun": ADD,
        "ledger_loghead": MOVE,
        "ledger_witnesscontact": KEEP,
        # Their place in the log, a trigger refuses other changes; and those that a restored database has lost.
        "log_notice": KEEP,
        "transactions_deployment": READ,
    },
    WEB: {
        # Only the owner's commands write these; a changed one would stop the flush or the codes.
        "django_migrations": READ,
        "transactions_deployment": READ,
        "transactions_codekeyrecord": READ,
        # What services publish in the log; the checkpointer brings it there.
        "log_notice": ADD,
        # What staff did is added, and triggers refuse the rest.
        "audit_act": ADD,
    },
    BACKUP: {
        "ledger_backuprun": ADD,
        # Commands are staff's acts, too.
        "audit_act": ADD,
    },
}
LEDGER_PREFIX = "ledger_"
# They read the whole ledger; the flush reads only what it writes.
READERS = frozenset({LOG, WEB})
# Only the flush has days made.
MAKE_DAY = "public.ledger_make_day(text, date)"
EXECUTORS = frozenset({FLUSH})

# Tables, partitioned ones and views in the place where this project's tables are; of a day, its parent.
TABLES = """
SELECT c.relname, parent.relname
FROM pg_class c LEFT JOIN pg_inherits ON inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = inhparent
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
"""
GRANTED = """
SELECT rolname, relname, privilege_type
FROM pg_class CROSS JOIN LATERAL aclexplode(relacl) JOIN pg_roles ON pg_roles.oid = grantee
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND rolname = ANY(%s)
"""


class NotTheOwnerError(RuntimeError):
    """Rights can be granted by the tables' owner only; the message says who asked."""


class Right(NamedTuple):
    """A role's right on a table, in PostgreSQL's word for it."""

    role: str
    table: str
    right: str


class Applied(NamedTuple):
    """What was made true: how many rights were granted and taken back, and the roles that do not exist."""

    granted: int
    revoked: int
    missing: list[str]


def rights_on(table: str, role: str) -> frozenset[str]:
    """What a role may do with a table: the web keeps what is not the ledger's and reads what is."""
    if (own := RIGHTS[role].get(table)) is not None:
        return own
    if table.startswith(LEDGER_PREFIX):
        return READ if role in READERS else NOTHING
    return ORDINARY if role == WEB else NOTHING


def apply_rights(alias: str) -> Applied:
    """Grants what is missing and takes back what is too much, in one DB transaction; again changes nothing.

    Does nothing when no role exists. Raises NotTheOwnerError.
    """
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(ROLES)])
        present = [name for (name,) in cursor.fetchall()]
        missing = [role for role in ROLES if role not in present]
        if not present:
            return Applied(0, 0, missing)
        standing = read_standing(alias)
        if not standing.is_owner:
            raise NotTheOwnerError(f"{standing.role} does not own the ledger's tables and cannot grant rights on them")
        cursor.execute(TABLES)
        wanted = {
            Right(role, table, right)
            for table, parent in cursor.fetchall()
            for role in present
            for right in (rights_on(parent, role) & READ if parent else rights_on(table, role))
        }
        cursor.execute(GRANTED, [present])
        has = {Right(*row) for row in cursor.fetchall()}
        for one in sorted(has - wanted):
            cursor.execute(f'REVOKE {one.right} ON public."{one.table}" FROM {one.role}')
        for one in sorted(wanted - has):
            cursor.execute(f'GRANT {one.right} ON public."{one.table}" TO {one.role}')
        for role in present:
            verb, word = ("GRANT", "TO") if role in EXECUTORS else ("REVOKE", "FROM")
            cursor.execute(f"{verb} ALL ON FUNCTION {MAKE_DAY} {word} {role}")
    return Applied(len(wanted - has), len(has - wanted), missing)
