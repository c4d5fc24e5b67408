"""Template tags of the journal."""
