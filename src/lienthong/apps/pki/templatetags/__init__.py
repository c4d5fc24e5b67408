"""Template tags of the pages about certificates."""
