"""Whoever takes part: a phone number or an e-mail address that was confirmed, and nothing more."""
