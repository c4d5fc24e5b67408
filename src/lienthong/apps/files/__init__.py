"""Content-addressed files of a node: written once, synced before they are named."""
