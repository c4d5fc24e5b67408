"""Electronic copies of what was issued or arrived: SAO Y, SAO LỤC, TRÍCH SAO."""
