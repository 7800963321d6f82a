"""Days of sealed blocks that were moved out of PostgreSQL into files, and brought back.

    a day is moved    write a file aside -> read every block back and hold it against the log -> rename
                      -> in one DB transaction: note the move, leaf in the log, drop the partition
    it is read        ledger.sealed asks PostgreSQL first, then the file of the day
    it is restored    check the file as before -> in one DB transaction: COPY the blocks, note it, leaf in the log

Killed at any point, the same command run again completes it: the partition goes only in the last step, and the file
that it was written to stays. Entries and marks are not moved, so receipts are found as before.
"""
