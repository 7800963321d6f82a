"""The VAT ledger of a period."""
