"""Receipts take part in draws that anybody can check: entries, the frozen list of tickets, the draw, prizes."""
