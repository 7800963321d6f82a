"""A draw from its rules to its result: set up, opened, frozen, drawn, published."""
