"""Fiscal days: what each till took on a day, and the server's close of it (Z report)."""
