"""What reading a packet costs: `python -m lienthong.run.bench.packet [SIZE_KB]`.

CPU time of `edxml.read` with every rule on, beside what no reader can do without on this machine:
base64 and SHA-256 of the packet and of its file, by the same libraries.
"""

from __future__ import annotations

import hashlib
import random
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import date, datetime

import click

from lienthong.core import edxml
from lienthong.core.edxml import attachments

ROUNDS = 400


def packet_bytes(size: int) -> bytes:
    """A packet with a file of `size` random bytes that is called a PDF."""
    at = datetime(2026, 3, 2, 8, tzinfo=edxml.VIETNAM)
    return edxml.encode(
        edxml.DocumentPacket(
            sender=edxml.Organization("G99", "Bộ Thử nghiệm"),
            receivers=(edxml.Organization("H99", "Ủy ban nhân dân tỉnh Minh Họa"),),
            document_id="G99,2026/03/02,125/BTN-CNTT",
            number="125",
            notation="BTN-CNTT",
            promulgated_on=date(2026, 3, 2),
            subject="V/v góp ý dự thảo Quy chế trao đổi dữ liệu thử nghiệm",
            place="Hà Nội",
            signer=edxml.Signer("KT. BỘ TRƯỞNG", "Thứ trưởng", "Lê Minh Họa"),
            trace=(edxml.TraceEntry("G99", at),),
            business=edxml.Business(staff=edxml.Staff("Phòng Văn thư", "Trần Thị Ví Dụ")),
            attachments=(
                edxml.Attachment.of("a.pdf", b"%PDF-1.7\n" + random.Random(1).randbytes(size)),
            ),
        )
    )


def cost(work: Callable[[], object]) -> float:
    """CPU milliseconds of one call, the best of many: the others waited for somebody."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        work()
        best = min(best, time.process_time_ns() - started)
    return best / 1e6


def main() -> None:
    size = int(sys.argv[1]) * 1024 if len(sys.argv) > 1 else 150 * 1024
    raw = packet_bytes(size)
    start = raw.index(b'2016">', raw.index(b"<edXML:ContentTransferEncoded")) + 6
    end = raw.index(b"<", start)
    data = attachments.decode(raw, start, end)
    digest = hashlib.sha256(raw).hexdigest()
    now = datetime(2026, 3, 2, 9, tzinfo=edxml.VIETNAM)
    context = edxml.Context(today=now.date(), now=now)
    if edxml.read(raw, context=context).findings:
        raise SystemExit("the packet of the bench is not in order")
    rows = {
        "read": cost(lambda: edxml.read(raw, context=context)),
        "read, digest known": cost(lambda: edxml.read(raw, context=context, sha256=digest)),
        "SHA-256 of the packet": cost(lambda: hashlib.sha256(raw).digest()),
        "SHA-256 of the file": cost(lambda: hashlib.sha256(data).digest()),
        "base64": cost(lambda: attachments.decode(raw, start, end)),
    }
    tracemalloc.start()
    edxml.read(raw, context=context)
    peak = tracemalloc.get_traced_memory()[1]
    click.echo(f"packet of {len(raw)} bytes")
    for name, milliseconds in rows.items():
        click.echo(f"{name:24} {milliseconds:8.3f} ms")
    click.echo(f"{'memory beside the packet':24} {peak / len(raw):8.2f} times its size")


if __name__ == "__main__":
    main()
