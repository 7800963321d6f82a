"""A store's receipts and closes in the tables of DSFinV-K 2.4; docs/audit-files.md says what is not the standard."""
