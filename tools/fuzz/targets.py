"""Targets of fuzzing the fast path of verifying, without a fuzzer: see fuzz.py and its docs page.

Each target takes bytes and raises when something is wrong. The differential ones hold the fast path
against the reference path, pyHanko included: whatever the fast path passes must pass there too.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Sequence
from functools import cache

import pikepdf

from lienthong.core import signing
from lienthong.core.signing import Verdict, cms, fast
from lienthong.core.signing.der import NotDER, check_strict
from lienthong.core.signing.pdf_update import Update
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, test_pki

CONTENT = b"fuzz"


class WrongError(AssertionError):
    """The fast path passed what the reference path refuses, or the two read differently."""


@cache
def documents() -> tuple[bytes, ...]:
    """Small signed documents of each shape; keys and all are made for this run only."""
    return (
        samples.signed_once(),
        samples.signed_twice(),
        samples.sign_person(samples.prepared(samples.make_pdf(pages=1))),
    )


@cache
def messages() -> tuple[bytes, ...]:
    pki = test_pki()
    packet = signing.sign_detached(CONTENT, signer=pki.service(), at=NOW)
    inside = [found.contents for one in documents() for found in fast.read_pdf(one).signatures]
    return (packet, *(one.rstrip(b"\x00") for one in inside))


def read_der(data: bytes) -> None:
    """The DER reader: what it accepts is strict, and reads like the general decoder's."""
    try:
        found = fast.read_cms(data)
    except fast.Ask:
        return
    try:
        check_strict(data)
        same = found == cms.parse(data)
    except (NotDER, cms.CMSInvalid) as error:
        raise WrongError(f"the general decoder refuses it: {error}") from error
    if not same:
        raise WrongError("the general decoder reads it differently")


def read_pdf(data: bytes) -> None:
    """The PDF reader: an answer or Ask, for any bytes."""
    try:
        fast.read_pdf(data)
    except fast.Ask:
        return


def differ(data: bytes) -> bool:
    """A document: never passed when the reference path refuses it. Tells whether it passed."""
    trust = test_pki().trust
    report = fast.check_pdf(data, trust=trust, at=NOW)
    if report is None:
        return False
    reference = signing.verify_pdf(data, trust=trust, at=NOW, second_opinion=True)
    if reference.verdict is not Verdict.VALID:
        raise WrongError(f"the reference path refuses it: {reference.findings}")
    if report.signatures != reference.signatures:
        raise WrongError("the two paths report differently")
    return True


# Mutations that keep the structure --------------------------------------------------------------

Mutation = Callable[[random.Random, bytes], bytes]

_PIECES = (
    b" ", b"\n", b"\r\n", b"%x\n", b"\x00", b"#", b"/V", b"/V null", b"null", b"<<", b">>", b"[",
    b"]", b"(", b")", b"<", b">", b"0", b"-1", b"65535", b" R", b"obj", b"endobj", b"stream",
    b"endstream", b"xref", b"trailer", b"startxref", b"%%EOF", b"/Type", b"/Prev 0", b"/XRefStm 9",
    b"/Encrypt << >>", b"/Kids []", b"/Parent 1 0 R", b"/FT /Tx", b"/Lock << /P 1 >>",
)  # fmt: skip
_NUMBER = re.compile(rb"\d+")
_ENTRY = re.compile(rb"\d{10} \d{5} [nf]")
_NAME = re.compile(rb"/[A-Za-z]+")


def _somewhere(chance: random.Random, data: bytes) -> int:
    """A place, mostly outside the long runs of a signature value and pictures."""
    if chance.random() < 0.3:
        return chance.randrange(len(data) + 1)
    tail = max(0, data.rfind(b"/Contents <") - 600)
    return min(len(data), tail + chance.randrange(1200))


def _insert(chance: random.Random, data: bytes) -> bytes:
    at = _somewhere(chance, data)
    return data[:at] + chance.choice(_PIECES) + data[at:]


def _overwrite(chance: random.Random, data: bytes) -> bytes:
    piece = chance.choice(_PIECES)
    at = _somewhere(chance, data)
    return data[:at] + piece + data[at + len(piece) :]


def _flip(chance: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    if out:
        out[min(_somewhere(chance, data), len(out) - 1)] ^= 1 << chance.randrange(8)
    return bytes(out)


def _replace_match(chance: random.Random, data: bytes, pattern: re.Pattern[bytes]) -> bytes:
    matches = list(pattern.finditer(data))
    if not matches:
        return data
    one, other = chance.choice(matches), chance.choice(matches)
    return data[: one.start()] + other.group() + data[one.end() :]


def _number(chance: random.Random, data: bytes) -> bytes:
    return _replace_match(chance, data, _NUMBER)


def _entry(chance: random.Random, data: bytes) -> bytes:
    return _replace_match(chance, data, _ENTRY)


def _name(chance: random.Random, data: bytes) -> bytes:
    return _replace_match(chance, data, _NAME)


def _cut(chance: random.Random, data: bytes) -> bytes:
    at = _somewhere(chance, data)
    return data[:at] + data[at + chance.randrange(1, 200) :]


def _append_revision(chance: random.Random, data: bytes) -> bytes:
    """One more revision that writes an object again or adds one."""
    pointers = re.findall(rb"startxref\s+(\d+)", data)
    if not pointers:
        return data
    number = chance.randrange(1, 30)
    body = chance.choice((b"<< >>", b"<< /Type /Page >>", b"null", b"[ ]"))
    out = data + b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    return (
        out
        + b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size 40 /Root 1 0 R /Prev %s >>\n"
        % (
            number,
            len(data),
            pointers[-1],
        )
        + b"startxref\n%d\n%%%%EOF\n" % start
    )


MUTATIONS: Sequence[Mutation] = (
    _insert, _overwrite, _flip, _number, _entry, _name, _cut, _append_revision,
)  # fmt: skip


def mutate(seed: int, data: bytes, *, times: int = 3) -> bytes:
    """A few mutations of `data`, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  (repeatable, not secret)
    for _ in range(chance.randrange(1, times + 1)):
        data = chance.choice(MUTATIONS)(chance, data)
    return data


def signed_mutation(seed: int) -> bytes:
    """A document mutated *before* it is signed, by writing the signature around it anew.

    Changes of a finished document break its digest, so they never get as far as the judgement; a
    forger with a certificate of his own has no such limit.
    """
    chance = random.Random(seed)  # noqa: S311  (repeatable, not secret)
    kind = chance.randrange(8)
    if kind >= 6:
        return _rewritten(chance)
    if kind >= 3:
        return _with_other_objects(chance)
    base = samples.prepared(samples.make_pdf(pages=chance.randrange(1, 4)))
    if kind == 0:
        return _sign_again(chance, mutate(seed, base))
    once = samples.signed_once()
    if kind == 1:
        return _sign_again(chance, once)
    return _renewed(chance, chance.choice(documents()))


class Unchecked(signing.PreparedPdf):
    """Signs whatever it is given."""

    def _check(self, signed: bytes, field: str, hashed: fast.FileHash) -> None:
        return


def _with_other_objects(chance: random.Random) -> bytes:
    """Objects written again with small changes, tables sound, before one of the signatures."""
    base = chance.choice((samples.prepared, samples.signed_once))()
    last = base is samples.signed_once() or chance.random() < 0.5
    changed = base
    for _ in range(chance.randrange(1, 3)):
        changed = _other_object(chance, changed)
    try:
        signed = _forge(changed, "CoQuan" if last else "NguoiKy")
        if chance.random() < 0.3:
            signed = _forge(signed, "NguoiKy" if last else "CoQuan")
    except signing_problems():
        return changed
    return signed


def _rewritten(chance: random.Random) -> bytes:
    """A first revision with changed objects and a sound table, signed by one or by both."""
    found = re.findall(rb"\n(\d+) 0 obj\n(.*?)\nendobj", samples.prepared(), re.DOTALL)
    bodies = {int(number): body for number, body in found}
    for _ in range(chance.randrange(1, 3)):
        number = chance.choice(list(bodies))
        text, mark, rest = bodies[number].partition(b"stream")
        seed = chance.randrange(2**32)
        bodies[number] = mutate(seed, text, times=1) + mark + rest
    out = bytearray(b"%PDF-1.7\n")
    table = bytearray(b"xref\n0 %d\n0000000000 65535 f \n" % (max(bodies) + 1))
    for number in range(1, max(bodies) + 1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, bodies.get(number, b"null"))
    start = len(out)
    out += table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        max(bodies) + 1,
        start,
    )
    signed = bytes(out)
    for field in ("NguoiKy", "CoQuan")[: chance.randrange(1, 3)]:
        try:
            signed = _forge(signed, field)
        except signing_problems():
            break
    return signed


def _other_object(chance: random.Random, data: bytes) -> bytes:
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            update = Update.begin(data, pdf)
            number = chance.randrange(1, int(pdf.trailer["/Size"]) + 3)
            thing = pdf.get_object(number, 0)
            if not isinstance(thing, pikepdf.Dictionary | pikepdf.Array):
                return data
            body = mutate(chance.randrange(2**32), thing.unparse(resolved=True), times=1)
            if chance.random() < 0.2:
                update.add(chance.choice((b"<< >>", b"[ ]", b"null", body)))
            update.replace_with(thing, body)
            return update.finish()
    except signing_problems():
        return data


def _forge(data: bytes, field: str) -> bytes:
    person = field == "NguoiKy"
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return Unchecked(data, pdf, fast.hash_file(data), False).sign(
            field=field,
            signer=test_pki().person() if person else test_pki().agency(),
            name="",
            reason="",
            location="",
            at=NOW,
        )


def _sign_again(chance: random.Random, data: bytes) -> bytes:
    make = samples.sign_agency if chance.random() < 0.5 else samples.sign_person
    try:
        return make(data)
    except signing_problems():
        return data


def signing_problems() -> tuple[type[Exception], ...]:
    """What signing refuses with: our Problems, and pikepdf's own for what it cannot read."""
    from lienthong.core.errors import Problem  # noqa: PLC0415

    return (Problem, pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, IndexError)


def _renewed(chance: random.Random, data: bytes) -> bytes:
    """A signed document changed somewhere, and its last signature made again over the change."""
    changed = mutate(chance.randrange(2**32), data, times=2)
    found = list(re.finditer(rb"/ByteRange (\[[^\]]*\] *)\s*/Contents (<[0-9A-Fa-f]*>)", changed))
    if not found:
        return changed
    last = found[-1]
    first, second = last.span(2)
    span = b"[0 %d %d %d]" % (first, second, len(changed) - second)
    width = last.end(1) - last.start(1)
    if len(span) > width:
        return changed
    out = bytearray(changed)
    out[last.start(1) : last.end(1)] = span.ljust(width)
    hashed = fast.hash_file(out).covered(out, (first, second), len(out))
    signer = test_pki().agency() if len(found) > 1 else test_pki().person()
    value = cms.build(signer, hashed).hex().encode()
    if len(value) > second - first - 2:
        return changed
    out[first + 1 : second - 1] = value.ljust(second - first - 2, b"0")
    return bytes(out)


def reopened(data: bytes) -> bool:
    """Whether qpdf opens it at all; for looking at findings."""
    try:
        with pikepdf.open(io.BytesIO(data)):
            return True
    except pikepdf.PdfError:
        return False
