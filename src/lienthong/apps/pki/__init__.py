"""Keys and certificates of this node, the roots it trusts, and the lists of revoked certificates.

Keys lie in files under DATA_DIR/keys; rows say whose they are. Trust lies in DATA_DIR/trust: its
roots are pinned when the node is made, lists of revoked certificates are refreshed from the axis.
The national authorities (`ceremony`) exist in full only where their directory is.
"""
