"""Ask the witnesses of this node's logs to cosign the newest checkpoints."""

from __future__ import annotations

import logging

import httpx
from django.db import transaction
from django.utils import timezone

from lienthong.apps.evidence import rules, wire
from lienthong.apps.evidence.incidents import raise_incident
from lienthong.apps.evidence.models import Standing, Witness, WitnessedHead
from lienthong.apps.evidence.sources import Head, LogSource, origin, sources
from lienthong.core import tlog

logger = logging.getLogger(__name__)


def submit_all() -> int:
    """Bring every log to every witness; how many cosignatures came back.

    A witness that is away is noted and asked again next time; the others are asked all the same.
    """
    count = 0
    for name, log in sources():
        head = log.head()
        for witness in Witness.objects.filter(active=True).order_by("name"):
            try:
                count += _bring(name, log, head, witness)
                _ask_incidents(name, witness)
            except rules.WitnessAway as problem:
                _note_away(witness, problem)
        _publish(name, head)
    return count


def _bring(name: str, log: LogSource, head: Head, witness: Witness) -> bool:
    """Whether the witness signed this head now. Raises WitnessAway."""
    standing, _ = Standing.objects.get_or_create(witness=witness, log=name)
    if standing.size == head.size and standing.line:
        return False
    answer = _ask(log, head, witness, min(standing.size, head.size))
    if answer.status_code == 409 and (size := _known_size(answer)) is not None:
        if size > head.size:
            text = f"{witness.name} đã thấy {size} mục, cơ sở dữ liệu nay chỉ còn {head.size}."
            raise_incident(origin(name), "rolled_back", text, reporter=witness.name)
            _note_answer(witness)
            return False
        answer = _ask(log, head, witness, size)
    if answer.status_code in {409, 422}:
        text = f"{witness.name} từ chối ký: nhật ký không nối tiếp phần đã chứng kiến."
        raise_incident(origin(name), "forked", text, proof=head.checkpoint, reporter=witness.name)
        _note_answer(witness)
        return False
    standing.line = _line(answer, head, witness)
    standing.size, standing.signed_at = head.size, timezone.now()
    standing.save(update_fields=["line", "size", "signed_at"])
    _note_answer(witness)
    return True


def _ask(log: LogSource, head: Head, witness: Witness, old: int) -> httpx.Response:
    proof: tuple[bytes, ...] = ()
    if 0 < old < head.size:
        try:
            proof = tuple(tlog.consistency_proof(log, old, head.size))
        except tlog.TileInvalid as problem:
            raise rules.WitnessAway(name=witness.name, reason=problem.sentence) from problem
    return wire.submit(witness.url, witness.name, tlog.AddCheckpoint(old, proof, head.checkpoint))


def _known_size(answer: httpx.Response) -> int | None:
    """The size a witness says it has seen (`text/x.tlog.size`); None when it says nothing."""
    text = answer.text.strip()
    is_size = answer.headers.get("content-type", "").startswith("text/x.tlog.size")
    return int(text) if is_size and text.isascii() and text.isdigit() else None


def _line(answer: httpx.Response, head: Head, witness: Witness) -> str:
    """The cosignature line of this witness, verified. Raises WitnessAway."""
    if answer.status_code != 200:
        raise rules.WitnessAway(name=witness.name, reason=f"HTTP {answer.status_code}")
    key = tlog.parse_verifier_key(witness.key)
    for line in answer.text.splitlines(keepends=True):
        try:
            note = tlog.with_signatures(head.checkpoint, [line])
            if tlog.cosignatures(note, {key.name: key.public_key}):
                return line
        except tlog.CheckpointInvalid:
            continue
    raise rules.WitnessAway(name=witness.name, reason="không có chữ ký đúng")


def _note_answer(witness: Witness) -> None:
    Witness.objects.filter(pk=witness.pk).update(answered_at=timezone.now(), problem="")


def _note_away(witness: Witness, problem: rules.WitnessAway) -> None:
    logger.warning("%s", problem.sentence)
    Witness.objects.filter(pk=witness.pk).update(problem=problem.sentence)


@transaction.atomic
def _publish(name: str, head: Head) -> None:
    """Keep the head with every cosignature on it, when there is one."""
    lines = [each.line for each in Standing.objects.filter(log=name, size=head.size) if each.line]
    if not lines:
        return
    note = tlog.with_signatures(head.checkpoint, sorted(lines))
    WitnessedHead.objects.update_or_create(
        log=name, defaults={"size": head.size, "checkpoint": note, "at": timezone.now()}
    )


def _ask_incidents(name: str, witness: Witness) -> None:
    """Take over what the witness found while it read our log."""
    for each in wire.incidents_at(witness.url, witness.name, origin(name)):
        entry = each.get("entry")
        raise_incident(
            origin(name),
            str(each.get("kind", ""))[:40],
            str(each.get("text", ""))[:2000],
            entry=entry if isinstance(entry, int) else None,
            reporter=witness.name,
        )


def largest_witnessed(name: str) -> str:
    """The largest checkpoint with cosignatures, "" when there is none."""
    found = WitnessedHead.objects.filter(log=name).first()
    return found.checkpoint if found else ""


def witnessed(name: str, head: Head) -> str:
    """The checkpoint to show: the head, with cosignatures when it has some."""
    found = WitnessedHead.objects.filter(log=name, size=head.size).first()
    if found is not None and found.checkpoint.startswith(head.checkpoint):
        return found.checkpoint
    return head.checkpoint
