#!/usr/bin/env python
"""Runs Django's management commands for this project."""

import os
import sys

from audit import terminal
from possys.owner import choose_database, limit_locks

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "possys.settings")
    choose_database(sys.argv, os.environ)
    limit_locks(sys.argv, os.environ)
    terminal.run(sys.argv, os.environ)
