"""The fast path of verifying: PASSED or "ask the reference", nothing else (SG 11.2).

It reads only the common shapes, strictly, and proves for them what the reference path would find:
it never fails a document alone and never passes one that the reference would not pass. Whatever it
is not sure of, it leaves to `signing.verify_pdf`.
"""

from lienthong.core.signing.fast.check import (
    FileHash,
    Passed,
    check_pdf,
    forget,
    hash_file,
    is_intact,
    pass_pdf,
)
from lienthong.core.signing.fast.pdf import read_pdf
from lienthong.core.signing.fast.signed_data import read_cms, read_message
from lienthong.core.signing.plain.ask import Ask

__all__ = [
    "Ask",
    "FileHash",
    "Passed",
    "check_pdf",
    "forget",
    "hash_file",
    "is_intact",
    "pass_pdf",
    "read_cms",
    "read_message",
    "read_pdf",
]
