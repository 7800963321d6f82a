"""Feeds consumers: cursors, the step that moves one, the tick that keeps them moving, and rebuilding from zero."""
