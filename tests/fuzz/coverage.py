"""Coverage-guided fuzzing of one target: `python -m tests.fuzz.coverage TARGET [options of libFuzzer]`."""

import os
import sys

import atheris

# What is guided by coverage; everything else runs as it is.
GUIDED = [
    "accounting.days.till_totals", "fleet.rows", "fleet.uploads", "json", "ledger.blocks", "ledger.feeding.tokens",
    "ledger.log.notes", "ledger.proof_file", "ledger.records", "portal.keys.tokens", "portal.sheets.api",
    "portal.sheets.forms", "possys.codes", "possys.links", "receipts.cases.photos", "receipts.offline_address",
    "static.verify", "transactions.authentication", "transactions.copies", "transactions.decimals",
    "transactions.enrolment", "transactions.envelope", "transactions.faults", "transactions.sale",
]  # fmt: skip


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "possys.settings")
    os.environ.setdefault("DEMO", "1")
    import django

    with atheris.instrument_imports(include=GUIDED):
        django.setup()
        from tests.fuzz.targets import TARGETS
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
