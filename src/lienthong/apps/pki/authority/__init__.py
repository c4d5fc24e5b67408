"""The authority's side of certification, on the axis: what was issued, under which mandate, when.

The keys and the state of each authority lie in a directory (`ceremony`); these rows are the
register that the officers search, that OCSP and CRL answer from, and that says who used which key.
Every certificate is a leaf of the certificate log before it is handed out (SG-P-01).
"""
