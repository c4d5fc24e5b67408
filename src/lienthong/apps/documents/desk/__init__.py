"""The work desk: what waits for one person, and what is late."""
