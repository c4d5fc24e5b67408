"""An agency's mark that is words alone, in the top right corner of page 1 (DX-57, DX-59)."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import datetime

import pikepdf
import typst

from lienthong.apps.documents.common import stamps, typeset
from lienthong.apps.documents.common.typeset import FONTS, POINTS_PER_MM, TEMPLATES
from lienthong.apps.documents.problems import SignatureNotConfirmed
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing import Box
from lienthong.core.signing.pdf_prepare import prepare_fields

TOP_MM, RIGHT_MM = 4.0, 15.0  # inside the margins of Decree 30: 20 mm above, 15 mm on the right
STEP_MM = 5.0


def words(lines: Sequence[str]) -> bytes:
    """A page as large as these lines: what stands in the field. Fonts are in it (SG-A-08)."""
    compiler = typst.Compiler(
        input=str(TEMPLATES / "mark.typ"),
        root=str(TEMPLATES),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"lines": json.dumps(list(lines), ensure_ascii=False)},
    )
    pdf = compiler.compile(format="pdf")
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no single PDF")
    return pdf


def corner(pdf: bytes, mark: bytes) -> Box:
    """The place of `mark` on page 1 of `pdf`: the top right corner.

    A mark that stands there already (a copy of a copy) is left in sight: the new one goes beside
    it. Small pages get a smaller mark.
    """
    width, height = typeset.page_size(pdf)
    with pikepdf.open(io.BytesIO(mark)) as drawn:
        mark_width, mark_height = (float(edge) for edge in list(drawn.pages[0].mediabox)[2:])
    scale = min(1.0, width * 0.6 / mark_width, height * 0.2 / mark_height)
    wide, high = mark_width * scale, mark_height * scale
    y2 = height - min(TOP_MM * POINTS_PER_MM, height * 0.05)
    first = width - min(RIGHT_MM * POINTS_PER_MM, width * 0.1)
    x2 = first
    while x2 - wide > 0:
        box = Box(0, x2 - wide, y2 - high, x2, y2)
        if not typeset.has_text(pdf, box):
            return box
        x2 -= STEP_MM * POINTS_PER_MM
    return Box(0, first - wide, y2 - high, first, y2)


def sealed(
    pdf: bytes,
    lines: Sequence[str],
    *,
    signer: signing.DigestSigner,
    agency: str,
    place: str,
    reason: str,
    title: str,
    at: datetime,
) -> bytes:
    """`pdf` with these lines and the agency's signature, checked before it is returned.

    at: the signing time, the one in `lines` too (SG-A-06). Raises SignatureNotConfirmed, and what
    prepare_fields and sign_pdf raise.
    """
    mark = words(lines)
    ready = prepare_fields(
        pdf,
        {signing.AGENCY_FIELD: corner(pdf, mark)},
        title=title,
        drawn={signing.AGENCY_FIELD: mark},
    )
    signed = signing.sign_pdf(
        ready,
        field=signing.AGENCY_FIELD,
        signer=signer,
        name=agency,
        reason=reason,
        location=place,
        at=at,
        timestamp=pki.timestamp_source(),
        timestamp_required=False,
    )
    signed = stamps.with_validation_data(signed, at)
    report = signing.verify_document(signed, trust=pki.trust(), at=at)
    if report.verdict is not signing.Verdict.VALID:
        detail = "; ".join(report.findings) or report.verdict.value
        raise SignatureNotConfirmed(who=agency, reason=detail)
    return signed
