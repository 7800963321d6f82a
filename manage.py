#!/usr/bin/env python
"""Runs Django's management commands for this project."""

import os
import sys

from django.core.management import execute_from_command_line

from possys.owner import choose_database, limit_locks

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "possys.settings")
    choose_database(sys.argv, os.environ)
    limit_locks(sys.argv, os.environ)
    execute_from_command_line(sys.argv)
