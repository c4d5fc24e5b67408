"""Organizations, units, both code schemes, successors with dates."""
