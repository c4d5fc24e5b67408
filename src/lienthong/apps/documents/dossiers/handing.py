"""Hand-over of files: to the agency's archive, or to the successor of who leaves (DX-80, DX-82).

The record (biên bản) with the list of files (mục lục) is one PDF with a field for each side. The
giver signs first, then the taker, each with their own key; the files pass over with the taker's
signature, in the same transaction. Before it, everything is compared with the list that was signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.dossiers import contents, policy, queries, record_pdf
from lienthong.apps.documents.dossiers.keeping import locked
from lienthong.apps.documents.dossiers.problems import (
    DossierNotFound,
    HandOverChanged,
    HandOverEmpty,
    HandOverNotAllowed,
    NothingToHandOver,
    RecordNotConfirmed,
)
from lienthong.apps.documents.models import Dossier, HandOver, HandOverLine
from lienthong.apps.documents.problems import SeatUnsuitable
from lienthong.apps.documents.rules.dossiers import (
    NOTE_MAX,
    DossierMove,
    DossierState,
    HandOverKind,
    HandOverState,
    after,
)
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing import agent

OPEN_HAND_OVERS = (HandOverState.PREPARED, HandOverState.GIVEN)


@transaction.atomic
def prepare_for_archive(actor: Actor, dossier_ids: Sequence[int], taker_seat_id: int) -> HandOver:
    """Make the record of closed files that go to the archive (DX-78, DX-80).

    Raises HandOverEmpty, NothingToHandOver, SeatUnsuitable, DossierMoveNotAllowed.
    """
    dossiers = _chosen(actor, dossier_ids)
    keepers = {dossier.creator_id for dossier in dossiers}
    for keeper_id in keepers:
        _check_may_give(actor, keeper_id)
    for dossier in dossiers:
        after(DossierState(dossier.state), DossierMove.HAND_OVER)
        if dossier.hand_over_by is None:
            raise NothingToHandOver(code=dossier.code)
    taker = accounts.seats(actor.organization_id, Role.ARCHIVIST).filter(pk=taker_seat_id).first()
    if taker is None:
        raise SeatUnsuitable(purpose="người nhận của lưu trữ cơ quan")
    keeper_id = actor.seat_id if actor.seat_id in keepers or len(keepers) > 1 else keepers.pop()
    return _prepare(actor, HandOverKind.ARCHIVE, keeper_id or actor.seat_id, taker, dossiers)


@transaction.atomic
def prepare_for_successor(actor: Actor, keeper_seat_id: int, taker_seat_id: int) -> HandOver:
    """Make the record of all the files of an officer who leaves (DX-82).

    All of them, open and closed, that the archive does not have yet; nobody chooses. Raises
    HandOverEmpty, SeatUnsuitable, and Forbidden unless it is for oneself or one directs.
    """
    _check_may_give(actor, keeper_seat_id)
    taker = accounts.seats(actor.organization_id).filter(pk=taker_seat_id).first()
    if taker is None or taker.pk == keeper_seat_id or Role(taker.role) not in policy.KEEPERS:
        raise SeatUnsuitable(purpose="người nhận bàn giao")
    dossiers = list(held_by(actor.organization_id, keeper_seat_id))
    if not dossiers:
        raise HandOverEmpty
    return _prepare(actor, HandOverKind.SUCCESSOR, keeper_seat_id, taker, dossiers)


def held_by(organization_id: int, seat_id: int) -> Iterable[Dossier]:
    """The files a seat keeps: all that the archive does not have."""
    return (
        Dossier.objects.filter(organization_id=organization_id, creator_id=seat_id)
        .exclude(state=DossierState.HANDED_OVER)
        .select_related("creator__person", "organization__parent")
    )


@transaction.atomic
def give(
    actor: Actor, hand_over: HandOver, consent: pki.Consent | str, *, at: datetime | None = None
) -> HandOver:
    """The giver signs the record. Raises for the key as signing a document does."""
    return _giving(actor, hand_over).signed(pki.Consent.of(consent), at=at or timezone.now())


@transaction.atomic
def ask_giver(actor: Actor, hand_over: HandOver, *, at: datetime | None = None) -> agent.Pending:
    """What the agent beside the giver's browser is to sign."""
    return _giving(actor, hand_over).ask(at=at or timezone.now())


@transaction.atomic
def take(
    actor: Actor, hand_over: HandOver, consent: pki.Consent | str, *, at: datetime | None = None
) -> HandOver:
    """The taker checks the files against the list, signs, and has them (DX-80).

    Raises HandOverChanged, RecordNotConfirmed, and for the key as `give`; then nothing passed over.
    """
    return _taking(actor, hand_over).signed(pki.Consent.of(consent), at=at or timezone.now())


@transaction.atomic
def ask_taker(actor: Actor, hand_over: HandOver, *, at: datetime | None = None) -> agent.Pending:
    """What the agent beside the taker's browser is to sign."""
    return _taking(actor, hand_over).ask(at=at or timezone.now())


@transaction.atomic
def give_back(actor: Actor, hand_over: HandOver, reason: str) -> HandOver:
    """The taker returns the record with a reason; the files stay where they are."""
    hand_over = _at_step(actor, hand_over, HandOverState.GIVEN, "documents.hand_over_take")
    hand_over.state = HandOverState.RETURNED
    hand_over.return_reason = bounded(reason, "lý do trả lại", NOTE_MAX)
    hand_over.save(update_fields=["state", "return_reason"])
    _record(actor, hand_over, "documents.hand_over_returned", {"reason": hand_over.return_reason})
    return hand_over


@transaction.atomic
def drop(actor: Actor, hand_over: HandOver) -> HandOver:
    """The giver takes a record back that nobody has signed."""
    hand_over = _at_step(actor, hand_over, HandOverState.PREPARED, "documents.hand_over_give")
    hand_over.state = HandOverState.RETURNED
    hand_over.return_reason = "Bên giao hủy biên bản."
    hand_over.save(update_fields=["state", "return_reason"])
    _record(actor, hand_over, "documents.hand_over_dropped", {})
    return hand_over


def differences(hand_over: HandOver) -> list[tuple[Dossier, str]]:
    """The files that are not as the signed list says, with the reason (DX-80)."""
    found = []
    for line in _lines(hand_over):
        dossier = line.dossier
        if contents.digest(dossier) != line.contents_sha256:
            found.append((dossier, "nội dung đã thay đổi sau khi lập mục lục"))
        elif broken := contents.damaged(dossier):
            found.append((dossier, f"không đọc được tệp của {', '.join(broken)}"))
    return found


def _chosen(actor: Actor, dossier_ids: Sequence[int]) -> list[Dossier]:
    wanted = set(dossier_ids)
    if not wanted:
        raise HandOverEmpty
    seen = (
        queries.dossiers_visible_to(actor)
        .filter(pk__in=wanted)
        .select_related("organization__parent")
    )
    dossiers = list(seen)
    if len(dossiers) != len(wanted):
        raise DossierNotFound
    return dossiers


def _check_may_give(actor: Actor, keeper_id: int | None) -> None:
    if keeper_id is None or not policy.may_hand_over_for(actor, keeper_id):
        raise accounts.Forbidden(action="documents.hand_over_give")


def _prepare(
    actor: Actor, kind: HandOverKind, keeper_id: int, taker: Seat, dossiers: Sequence[Dossier]
) -> HandOver:
    taken = HandOverLine.objects.filter(
        dossier__in=dossiers, hand_over__state__in=OPEN_HAND_OVERS
    ).select_related("dossier")
    for line in taken:
        raise HandOverChanged(code=line.dossier.code, reason="đang có biên bản bàn giao khác")
    now = timezone.now()
    hand_over = HandOver(
        organization_id=actor.organization_id,
        kind=kind,
        keeper_id=keeper_id,
        giver_id=actor.seat_id,
        taker=taker,
        prepared_at=now,
    )
    hand_over.record_sha256 = files.put(record_pdf.made(hand_over, dossiers)).sha256
    hand_over.save()
    HandOverLine.objects.bulk_create(
        [
            HandOverLine(
                organization_id=actor.organization_id,
                hand_over=hand_over,
                dossier=dossier,
                contents_sha256=contents.digest(dossier),
            )
            for dossier in dossiers
        ]
    )
    facts = {"kind": kind, "dossiers": [dossier.code for dossier in dossiers]}
    _record(actor, hand_over, "documents.hand_over_prepared", facts)
    return hand_over


def _giving(actor: Actor, hand_over: HandOver) -> pki.SigningAct[HandOver]:
    hand_over = _at_step(actor, hand_over, HandOverState.PREPARED, "documents.hand_over_give")
    _check_same(hand_over)

    def work(signer: signing.DigestSigner, at: datetime) -> HandOver:
        _sign(hand_over, record_pdf.GIVER, actor, signer, at)
        hand_over.state, hand_over.given_at = HandOverState.GIVEN, at
        hand_over.save()
        _record(actor, hand_over, "documents.hand_over_given", {"sha256": hand_over.record_sha256})
        return hand_over

    return _act(actor, hand_over, work)


def _taking(actor: Actor, hand_over: HandOver) -> pki.SigningAct[HandOver]:
    hand_over = _at_step(actor, hand_over, HandOverState.GIVEN, "documents.hand_over_take")
    _check_same(hand_over)

    def work(signer: signing.DigestSigner, at: datetime) -> HandOver:
        check_signed(hand_over, record_pdf.GIVER, at)
        _sign(hand_over, record_pdf.TAKER, actor, signer, at)
        hand_over.state, hand_over.taken_at = HandOverState.TAKEN, at
        hand_over.taker_id = actor.seat_id
        hand_over.save()
        for line in _lines(hand_over):
            _pass_over(actor, hand_over, locked(line.dossier), at)
        _record(actor, hand_over, "documents.hand_over_taken", {"sha256": hand_over.record_sha256})
        return hand_over

    return _act(actor, hand_over, work)


def _pass_over(actor: Actor, hand_over: HandOver, dossier: Dossier, at: datetime) -> None:
    if hand_over.kind == HandOverKind.ARCHIVE:
        dossier.state = after(DossierState(dossier.state), DossierMove.HAND_OVER)
        dossier.handed_over_on = timezone.localdate(at)
    else:
        dossier.creator_id = hand_over.taker_id
    dossier.save(update_fields=["state", "handed_over_on", "creator"])
    journal.record(
        organization_id=dossier.organization_id,
        act="documents.dossier_handed_over",
        subject=dossier.journal_subject,
        actor=actor,
        facts={"kind": hand_over.kind, "record": hand_over.pk},
    )


def check_signed(hand_over: HandOver, field: str, at: datetime) -> None:
    """Raise RecordNotConfirmed unless the signature in `field` verifies now (DX-65)."""
    pdf = files.get(hand_over.record_sha256)
    report = signing.verify_pdf(pdf, trust=pki.trust(), at=at)
    found = report.signature(field)
    if found is None:
        raise RecordNotConfirmed(reason="không tìm thấy chữ ký")
    if found.indication is not signing.Indication.PASSED:
        failed = [check.text for check in found.checks if check.ok is not True]
        raise RecordNotConfirmed(reason="; ".join(failed) or found.sub_indication)


def _check_same(hand_over: HandOver) -> None:
    for dossier, reason in differences(hand_over):
        raise HandOverChanged(code=dossier.code, reason=reason)


def _sign(
    hand_over: HandOver, field: str, actor: Actor, signer: signing.DigestSigner, at: datetime
) -> None:
    organization = hand_over.organization
    signed = signing.sign_pdf(
        files.get(hand_over.record_sha256),
        field=field,
        signer=signer,
        name=actor.name,
        reason="Biên bản giao nhận hồ sơ",
        location=organization.place,
        at=at,
        image_png=record_pdf.mark_of(actor.name),
        timestamp=pki.timestamp_source(),
        timestamp_required=False,
    )
    hand_over.record_sha256 = files.put(signed).sha256


def _act(actor: Actor, hand_over: HandOver, work: Any) -> pki.SigningAct[HandOver]:
    key = pki.usable_key(pki.KeyKind.PERSON, person_id=actor.person_id)

    def facts() -> dict[str, str]:
        return {"Biên bản": hand_over.get_kind_display(), "Số hồ sơ": str(hand_over.lines.count())}

    document = bytes.fromhex(hand_over.record_sha256)
    return pki.SigningAct(key, work, pki.About(str(actor.person_id), document, facts))


def _lines(hand_over: HandOver) -> Iterable[HandOverLine]:
    return hand_over.lines.select_related(
        "dossier__creator__person", "dossier__organization__parent"
    )


def _at_step(actor: Actor, hand_over: HandOver, step: HandOverState, act: str) -> HandOver:
    found = (
        HandOver.objects.select_for_update(of=("self",))
        .select_related("organization", "giver__person", "taker__person")
        .filter(pk=hand_over.pk)
        .first()
    )
    if found is None:
        raise DossierNotFound
    accounts.check(actor, act, found)
    if found.state != step:
        raise HandOverNotAllowed(state=str(HandOverState(found.state).label))
    return found


def _record(actor: Actor, hand_over: HandOver, act: str, facts: Mapping[str, Any]) -> None:
    journal.record(
        organization_id=hand_over.organization_id,
        act=act,
        subject=hand_over.journal_subject,
        actor=actor,
        facts=facts,
    )
