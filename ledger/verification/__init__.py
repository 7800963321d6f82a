"""Reads the ledger again and says what is not as it was sealed: blocks, records, entries, log, checkpoints.

a run       plan the work from the heads -> parts in processes -> compare -> look closely -> report
a block     bytes against header, header against columns, log and the block before it, records against their places
entries     every row is screened by a keyed sum a block; only blocks whose sums differ are compared row by row
corrections the rows of each block against its refunds and voids, one query for some blocks
"""
