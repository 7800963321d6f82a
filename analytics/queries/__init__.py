"""Reads the roll-ups: each function is one or two SQL queries, and nothing reads the ledger but its feed's cursors."""
