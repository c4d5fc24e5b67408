"""What a packet is in the exchange log: one line of digests, fit for everybody to read (SG §5.5).

    {"kind":"packet","receipt":"<SHA-256 of the receipt>","row":"<SHA-256 of the row>","v":1}

`receipt` ties the entry to the signed token that the sender holds. `row` covers everything else the
axis keeps about the packet, so that a changed row no longer gives this entry. Neither says who
wrote to whom: the receipt is unknown to those who do not hold it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from lienthong.core import tlog

_ENTRY = re.compile(
    r'\{"kind":"packet","receipt":"(?P<receipt>[0-9a-f]{64})","row":"[0-9a-f]{64}","v":1\}',
    re.ASCII,
)


def packet_entry(receipt: str, row_sha256: str) -> bytes:
    """Return the entry of a packet, in canonical JSON. row_sha256: 64 hexadecimal digits."""
    digest = sha256(receipt.encode()).hexdigest()
    return f'{{"kind":"packet","receipt":"{digest}","row":"{row_sha256}","v":1}}'.encode()


def receipt_leaf(log: Mapping[str, Any], receipt: str) -> bytes:
    """Return the leaf hash of a receipt's entry, which `log` carries beside the proof.

    Raises ProofInvalid when the entry is of another receipt, KeyError when there is none.
    """
    entry = log["entry"]
    found = _ENTRY.fullmatch(entry) if isinstance(entry, str) else None
    if found is None or found["receipt"] != sha256(receipt.encode()).hexdigest():
        raise tlog.ProofInvalid(reason="entry_of_another_receipt")
    return tlog.leaf_hash(entry.encode())
