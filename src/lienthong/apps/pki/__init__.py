"""Keys, certificates, trust anchors and revocation lists."""
