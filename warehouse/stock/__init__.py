"""Stock: what came in, what was sold, what is on hand and what it is worth."""
