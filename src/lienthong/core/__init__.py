"""Pure code: codecs, signatures, proofs, clocks. No Django, no network, no database."""
