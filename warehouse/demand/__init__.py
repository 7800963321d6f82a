"""Demand: what will be sold of each product in each store."""
