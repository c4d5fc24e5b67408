"""What the axis does on somebody's behalf: status packets of its own, by the same road as others.

A recall of what was never fetched is answered 15 for the receiver; a recall goes on, as 13, to
whom the document was passed on (DX-40). Both say that they are automatic and bear the axis' seal.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from psycopg.rows import class_row

from lienthong.core import edxml, signing
from lienthong.core.edxml import VIETNAM

from .checks import Checked
from .circulation_rules import Duty
from .intake import Waiting
from .rules import Kind
from .store import Store

if TYPE_CHECKING:
    from .participants import Agency
    from .process import Hub

logger = logging.getLogger(__name__)

_CLAIM = """
UPDATE hub_circulation SET duty_until = now() + interval '2 minutes'
WHERE duty <> '' AND (duty_until IS NULL OR duty_until < now())
RETURNING document_id, sender_code, recipient_code, reference, promulgated_on, reason, duty
"""
CHECK = "axis_automatic"
STAFF = edxml.Staff("", "Trục liên thông (tự động)", "", "")
AGREED_TEXT = "Trục liên thông tự thu hồi: văn bản chưa được nơi nhận lấy về."
PASSED_ON_TEXT = "Thu hồi theo yêu cầu của nơi gửi trước. {reason}"


@dataclass(frozen=True, slots=True)
class Owed:
    """A status that the axis owes."""

    document_id: str
    sender_code: str
    recipient_code: str
    reference: str
    promulgated_on: date | None
    reason: str
    duty: str


def claim(store: Store) -> list[Owed]:
    """The duties nobody is at. One that a crash leaves undone is claimed again later."""
    with store.writing() as connection:
        return connection.cursor(row_factory=class_row(Owed)).execute(_CLAIM).fetchall()


async def carry_out(hub: Hub) -> int:
    """Send what the axis owes; return how many."""
    owed = await hub.io(claim, hub.store)
    for each in owed:
        await _send(hub, each)
    return len(owed)


async def _send(hub: Hub, owed: Owed) -> None:
    signer = hub.config.axis_signer
    sender = hub.participants.agency(owed.sender_code)
    recipient = hub.participants.agency(owed.recipient_code)
    if signer is None or sender is None or recipient is None:
        logger.warning("the axis cannot answer for %s: no seal, or no such agency", owed)
        return
    by, to = (recipient, sender) if owed.duty == Duty.AGREE else (sender, recipient)
    now = datetime.now(UTC)
    raw = edxml.encode(packet_of(owed, by, to, now))
    waiting = Waiting(
        _checked(owed, by, to),
        hub.config.node_name,
        raw,
        await hub.io(lambda: signing.sign_detached(raw, signer=signer, at=now)),
        hashlib.sha256(raw).hexdigest(),
        len(raw),
        asyncio.get_running_loop().create_future(),
    )
    await hub.intake.keep(waiting)


def packet_of(owed: Owed, by: Agency, to: Agency, now: datetime) -> edxml.StatusPacket:
    """The status packet of a duty, said by one agency to the other."""
    agrees = owed.duty == Duty.AGREE
    text = AGREED_TEXT if agrees else PASSED_ON_TEXT.format(reason=owed.reason)
    return edxml.StatusPacket(
        sender=edxml.Organization(by.code, by.name),
        response_for=edxml.ResponseFor(
            to.code, owed.reference, owed.promulgated_on, owed.document_id
        ),
        status=edxml.StatusCode.AGREED if agrees else edxml.StatusCode.TAKE_BACK,
        description=text.strip()[:500],
        at=now.astimezone(VIETNAM).replace(microsecond=0),
        staff=STAFF,
    )


def _checked(owed: Owed, by: Agency, to: Agency) -> Checked:
    code = edxml.StatusCode.AGREED if owed.duty == Duty.AGREE else edxml.StatusCode.TAKE_BACK
    return Checked(
        kind=Kind.STATUS,
        sender=by,
        recipients=(to,),
        document_id=owed.document_id,
        reference=owed.reference,
        status_code=code.value,
        checks=[{"check": CHECK, "ok": True, "signer": ""}],
    )
