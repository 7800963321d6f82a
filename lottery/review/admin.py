"""This part's pages in the admin."""
