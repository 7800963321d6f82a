"""Backups of PostgreSQL, restoring them, and drills that show that it works (docs/backup.md).

backup DIR/<time>-full/          base/: what pg_basebackup wrote, checked by pg_verifybackup
                                 possys-backup.json: what it is; log-state*: what the checkpointer had signed
WAL's folder                     what pg_receivewal or archive_command keeps: everything since the oldest backup
"""
