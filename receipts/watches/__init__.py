"""Watch this receipt: somebody leaves an e-mail address and is told when the receipt is refunded or voided."""
