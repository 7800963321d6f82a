"""What docs/access.md is held to the site with: its tables, a world with something everywhere, and everybody in it."""
