"""Retailers' bookkeeping out of the ledger: fiscal days, journal, cash, VAT, audit files."""
