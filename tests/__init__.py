"""What crosses contexts: the main path, crashes, bad input, architecture, every page."""
