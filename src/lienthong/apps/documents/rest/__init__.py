"""The desk for other software of the agency: JSON over HTTP, with tokens that act from a seat.

`tokens` are made and revoked by the administrator (`pages`); `door` lets requests in; `views` read
and act through the same queries and actions as the pages; `openapi` describes it all.
"""
