"""Outgoing documents: drafted, approved, signed, sealed, dispatched, followed."""
