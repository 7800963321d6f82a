"""Retailers' API keys: what lets a retailer's own programs ask for lists and send forms, each as one of its members."""
