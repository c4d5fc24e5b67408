"""No input of a megabyte costs more than two seconds of one core or 200 MB (SG 3.5, 11).

Each input is verified in a process of its own whose limits the kernel keeps: it is killed when it
takes more.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import zlib
from collections.abc import Callable
from functools import cache

import pytest

from lienthong.core import signing
from lienthong.core.signing import KeySigner, Verdict, der
from lienthong.core.signing import cms as written
from lienthong.core.signing.authority import Authority, make_ec_key
from lienthong.core.signing.verify_file import verify_bytes
from lienthong.core.tests.pki_fixture import NOW, START, test_pki
from lienthong.core.tests.signing_cases import forger
from lienthong.core.tests.signing_cases.forger import objects, stream
from lienthong.core.tests.signing_cases.rules import rule

MEGABYTE = 1_000_000
CPU_SECONDS = 2
MEMORY_BYTES = 200 * 1024 * 1024
BASE = objects()
PERSON = forger.body_of(forger.document(), forger.PERSON)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux keeps them")


def within_bounds(work: Callable[[], object]) -> None:
    """Run `work` in a forked process with limits on its own time and further memory."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            with open("/proc/self/statm") as file:  # noqa: PTH123
                used = int(file.read().split()[0]) * resource.getpagesize()
            limit = used + MEMORY_BYTES
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
            work()
            code = 0
        except MemoryError:
            code = 71
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU), "took too long"
    assert os.WIFEXITED(status), f"killed: {status}"
    assert os.WEXITSTATUS(status) == 0, {70: "raised", 71: "took too much memory"}


def signed_with(extra: dict[int, bytes], **changes: bytes) -> bytes:
    """A signed document with more objects in it."""
    return forger.sign(forger.document(objects(**changes) | extra), value=90_000)


@cache
def bomb(size: int, start: bytes = b"1 0 ", pattern: bytes = b" ") -> bytes:
    """`start` and about `size` bytes of `pattern`, deflated: a packed megabyte again and again."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = pattern * (MEGABYTE // len(pattern))
    head = machine.compress(start) + machine.flush(zlib.Z_FULL_FLUSH)
    block = machine.compress(piece) + machine.flush(zlib.Z_FULL_FLUSH)
    count, checksum = size // MEGABYTE, zlib.adler32(start)
    for _ in range(count):
        checksum = zlib.adler32(piece, checksum)
    return b"\x78\x9c" + head + block * count + b"\x03\x00" + checksum.to_bytes(4, "big")


def packed(kind: bytes, body: bytes, filters: bytes = b"/FlateDecode") -> bytes:
    """A document whose Root is said to stand in this stream."""
    holder = stream(body, b"/Type /%s /N 1 /First 4 /Filter %s" % (kind, filters))
    return forger.write(
        b"%PDF-1.7\n", dict(BASE) | {50: holder}, xref_stream=True, packed={1: (50, 0)}
    )


def bombed_table() -> bytes:
    body = bomb(300 * MEGABYTE, b"")
    head = b"/Type /XRef /W [1 4 1] /Size 9 /Root 1 0 R /Filter /FlateDecode"
    whole = b"%PDF-1.7\n1 0 obj\n" + stream(body, head) + b"\nendobj\n"
    return whole + b"startxref\n9\n%%EOF\n"


def many_signatures(count: int) -> bytes:
    data = forger.document(dict(BASE) | dict.fromkeys(range(100, 8_000), b"<< /A [1 2 3] >>"))
    for number in range(count):
        fields = forger.body_of(data, forger.FORM).replace(b"]", b" %d 0 R]" % (30_000 + number), 1)
        field = forger.signature_field(b"Ky%d" % number, b"0 0 0 0")
        data = forger.sign(
            data,
            field=30_000 + number,
            value=40_000 + number,
            signer=test_pki().person(),
            changes={forger.FORM: fields, 30_000 + number: field},
        )
    return data


NASTY: dict[str, Callable[[], bytes]] = {
    "an object stream that unpacks to 300 MB": lambda: packed(b"ObjStm", bomb(300 * MEGABYTE)),
    "the same under another name": lambda: packed(b"Obj#53tm", bomb(300 * MEGABYTE)),
    "the same said to be an image": lambda: packed(b"XObject", bomb(300 * MEGABYTE)),
    "a stream packed twice": lambda: packed(
        b"ObjStm", zlib.compress(bomb(300 * MEGABYTE)), b"[/FlateDecode /FlateDecode]"
    ),
    "a table that unpacks to 300 MB": bombed_table,
    "sixteen thousand objects": lambda: signed_with(dict.fromkeys(range(100, 16_000), b"<<>>")),
    "a list of three hundred thousand": lambda: signed_with({100: b"[%s]" % (b"1 " * 400_000)}),
    "lists nested deep": lambda: signed_with({100: b"[" * 100_000 + b"]" * 100_000}),
    "dictionaries nested deep": lambda: signed_with({100: b"<</A" * 90_000 + b">>" * 90_000}),
    "a hundred thousand fields": lambda: signed_with(
        {}, form=b"<< /Fields [7 0 R 8 0 R %s] >>" % (b"<</T(a)>>" * 90_000)
    ),
    "a chain of fields": lambda: signed_with(
        {n: b"<< /T (a) /Kids [%d 0 R] >>" % (n + 1) for n in range(100, 9_000)},
        form=b"<< /Fields [7 0 R 8 0 R 100 0 R] >>",
    ),
    "twenty signatures over many objects": lambda: many_signatures(20),
    "a value of a megabyte": lambda: forger.document(
        dict(BASE)
        | {7: forger.with_entries(PERSON, b"/V 30 0 R")}
        | {30: b"<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 9 9 9]"
           b" /Contents <%s> >>" % (b"0" * MEGABYTE)}
    ),
    "many end marks": lambda: forger.both(forger.document()) + b"startxref\n1\n%%EOF\n" * 50_000,
    "many headers": lambda: b"%PDF-1.7\n" * 100_000,
    "only digits": lambda: b"%PDF-1.7\n" + b"1" * MEGABYTE,
    "only brackets": lambda: b"%PDF-1.7\n" + b"<" * MEGABYTE,
    "only stream": lambda: b"%PDF-1.7\n" + b"1 0 obj stream\n" * 60_000,
}  # fmt: skip


@rule("R34", "R42")
@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_document_is_verified_within_bounds(name: str) -> None:
    data = NASTY[name]()
    assert len(data) < 1.1 * MEGABYTE
    trust = test_pki().trust
    _warm()

    within_bounds(lambda: verify_bytes(data, trust=trust, at=NOW))


@cache
def _warm() -> None:
    """What a verifier imports and remembers once is not the input's cost."""
    verify_bytes(forger.both(forger.document()), trust=test_pki().trust, at=NOW)
    signature = forger.forge(test_pki().service(), b"goi tin")
    verify_bytes(b"<edXML/>", trust=test_pki().trust, at=NOW, companion=signature)


def _many(value: bytes) -> bytes:
    return value * (MEGABYTE // 2 // len(value))


def _bag(count: int) -> tuple[KeySigner, list[bytes]]:
    key = make_ec_key()
    bag = [Authority.root("Vòng", key=key, at=START).certificate for _ in range(count)]
    return KeySigner(key, bag[0], bag), []


def with_attributes(signer: KeySigner, content: bytes, count: int) -> bytes:
    """A signature with `count` attributes that nobody knows beside the usual ones."""
    more = [
        forger.attribute(der.oid(f"1.3.6.1.4.1.32473.{number}"), der.NULL)
        for number in range(count)
    ]
    return forger.forge(
        signer, content, attributes=sorted([*forger.usual_attributes(signer, content), *more])
    )


MESSAGES: dict[str, Callable[[KeySigner, bytes], bytes]] = {
    "many small values": lambda signer, content: der.sequence(_many(b"\x05\x00")),
    "many digest algorithms": lambda signer, content: forger.forge(
        signer, content, listed=[written.SHA256_ID] * 30_000
    ),
    "many attributes": lambda signer, content: with_attributes(signer, content, 20_000),
    "many SignerInfos": lambda signer, content: forger.forge(
        signer, content, infos=lambda one: [one] * 1_000
    ),
    "a bag of namesakes": lambda signer, content: forger.forge(_bag(49)[0], content),
    "a bag of hundreds": lambda signer, content: forger.forge(_bag(600)[0], content),
    "values nested deep": lambda signer, content: _nested(5_000),
}


def _nested(depth: int) -> bytes:
    value = b""
    for _ in range(depth):
        value = der.sequence(value)
    return value


@rule("R42")
@pytest.mark.parametrize("name", MESSAGES)
def test_a_nasty_signature_is_verified_within_bounds(name: str) -> None:
    content = b"goi tin"
    signature = MESSAGES[name](test_pki().service(), content)
    trust = test_pki().trust
    _warm()

    within_bounds(lambda: signing.verify_detached(content, signature, trust=trust, at=NOW))


@rule("R42")
@pytest.mark.parametrize(("more", "verdict"), [(20, Verdict.VALID), (200, Verdict.INVALID)])
def test_a_signature_may_have_some_unknown_attributes_but_not_hundreds(
    more: int, verdict: Verdict
) -> None:
    content = b"goi tin"
    signature = with_attributes(test_pki().service(), content, more)

    report = signing.verify_detached(content, signature, trust=test_pki().trust, at=NOW)

    assert report.verdict is verdict
