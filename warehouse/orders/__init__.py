"""Orders: what to order of whom, and what lies without being sold."""
