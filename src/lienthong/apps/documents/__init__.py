"""The document desk: drafts, outgoing, incoming, registers, dossiers."""
