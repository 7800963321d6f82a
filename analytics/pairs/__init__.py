"""What is bought together: counted every night for each retailer, read as a few rows."""
