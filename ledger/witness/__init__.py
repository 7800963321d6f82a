"""Witnesses of the log: the server an outside institution runs, and how the log collects their cosignatures.

state.py, decision.py, app.py, serving.py, key_file.py    the witness: needs no PostgreSQL, no Valkey, no settings
configured.py, client.py, collecting.py, quorum.py        the log's side
"""
