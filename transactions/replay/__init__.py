"""Real grocery baskets sent over HTTP as a till sends its sales: demo traffic, benchmarks, fault runs."""
