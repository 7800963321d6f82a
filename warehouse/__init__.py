"""Retailers' stock and demand out of the ledger: what is there, what will be sold, what to order."""
