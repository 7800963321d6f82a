"""How receipts come to take part: by their page, or by the lottery tag that the till sent."""
