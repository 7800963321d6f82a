"""Where Django looks for the dashboards' pages in the admin; those of each part are in its own folder."""

from analytics.peers import admin as peers_admin

__all__ = ["peers_admin"]
