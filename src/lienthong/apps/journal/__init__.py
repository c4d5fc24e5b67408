"""What happened, append-only, in the same transaction as the act."""
