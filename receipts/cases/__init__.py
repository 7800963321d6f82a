"""Customers' reports: a form, a page to follow each by, and the staff's queue."""
