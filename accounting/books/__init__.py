"""The books: accounts, what is posted where, and the journal."""
