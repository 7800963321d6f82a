"""The check that runs all day: some blocks at random, every head, the log's newest part and what was signed of it."""

import logging

from ledger.log.models import VerificationRun
from ledger.verification.run import verify
from ledger.verification.scope import Scope

logger = logging.getLogger(__name__)

# A second's work. Every block of a day of 1.5 million is drawn about once in 50 days.
SAMPLE_BLOCKS = 20
ALARMS_MAX = 10


def check_sample(blocks: int = SAMPLE_BLOCKS) -> VerificationRun:
    """Checks a sample, keeps the run and alarms about what it found. Raises DatabaseError."""
    run = verify(Scope(sample=blocks))
    for fault in run.tally.faults[:ALARMS_MAX]:
        logger.error("ALARM the ledger is not as it was sealed: %s", fault)
    return run.keep()
