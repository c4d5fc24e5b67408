"""The target of fuzzing the reader of packets, without a fuzzer: see fuzz.py and its docs page.

A packet can be read from bytes with its payloads lifted out, from bytes in place, and from a file.
All three must answer alike, and what is accepted must come back the same when it is written again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from lienthong.core import edxml
from lienthong.core.edxml import Limits, Profile, decoder, lift
from lienthong.core.tests.edxml_table import CONFORMANCE


class WrongError(AssertionError):
    """Two ways of reading a packet answer differently."""


def seeds() -> tuple[bytes, ...]:
    return tuple(raw for raw, *_ in CONFORMANCE.values())


def read(data: bytes) -> None:
    """Read the bytes in every way. Raises WrongError when the answers differ."""
    reading = edxml.read(data, profile=Profile.COMPAT)
    _check_in_place(data, reading)
    _check_file(data, reading)
    packet = reading.packet
    if packet is not None and edxml.read(edxml.encode(packet), profile=Profile.COMPAT).refused:
        raise WrongError("what was accepted is refused when it is written again")


def _check_in_place(data: bytes, reading: edxml.Reading) -> None:
    asked = decoder.Asked(Profile.COMPAT, Limits())
    whole = lift.Lifted(data, "", (), ())
    plain, _ = decoder.judge(whole, asked, reading.facts.sha256, len(data))
    if plain != reading:
        raise WrongError(f"in place {plain.findings}, lifted {reading.findings}")


def _check_file(data: bytes, reading: edxml.Reading) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        found = edxml.read_file(Path(file.name), profile=Profile.COMPAT)
    if _rules(found.findings) == _rules(reading.findings):
        return  # which fault of the XML is told first may differ
    # A long text that is no base64 is refused in a file before it is looked at as XML.
    if not (found.refused and any("base64" in one.text for one in found.findings)):
        raise WrongError(f"from a file {found.findings}, from bytes {reading.findings}")


def _rules(findings: Sequence[edxml.Finding]) -> list[tuple[str, str]]:
    return [(one.rule, one.severity.value) for one in findings]
