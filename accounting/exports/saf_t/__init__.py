"""SAF-T: the books of a retailer as the OECD's Standard Audit File for Tax 2.0."""
