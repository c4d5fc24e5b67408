"""Time-stamps of RFC 3161 (SG 3.7). A token says: "these bytes existed at this time".

`messages` are requests and answers, `authority` makes tokens, `token` reads them, `check` judges
them, `client` gets them. Nothing here reads a clock or a socket.
"""

from lienthong.core.signing.tsp.authority import Issued, TimestampAuthority
from lienthong.core.signing.tsp.check import check_token
from lienthong.core.signing.tsp.client import (
    LocalSource,
    TimestampClient,
    TimestampSource,
    stamper,
)
from lienthong.core.signing.tsp.messages import build_request, read_response
from lienthong.core.signing.tsp.token import Token, any_info, parse_token, token_fault

__all__ = [
    "Issued",
    "LocalSource",
    "TimestampAuthority",
    "TimestampClient",
    "TimestampSource",
    "Token",
    "any_info",
    "build_request",
    "check_token",
    "parse_token",
    "read_response",
    "stamper",
    "token_fault",
]
