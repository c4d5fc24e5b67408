"""The bounded contexts. Each folder is one subject; others enter it through its `api` module."""
