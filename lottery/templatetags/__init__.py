"""Template filters and tags of the lottery."""
