"""A till in the terminal: `posctl enrol URL CODE` once, then `posctl`."""
