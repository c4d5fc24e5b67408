"""People, positions, effective-dated seats, sign-in, the one policy function, row security."""
