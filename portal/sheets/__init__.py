"""Pages of figures and lists that every service shows, exports and answers in the same way: declared, not written."""
