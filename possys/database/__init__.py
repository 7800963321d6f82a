"""Django's own PostgreSQL backend, with a bound on how long a web process waits for an answer."""
