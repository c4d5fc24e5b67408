"""The axis numbers and signs changes; people keep the paper lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from lienthong.apps.directory import api as directory
from lienthong.apps.pki import api as pki
from lienthong.apps.registry import queries, rules
from lienthong.apps.registry.building import entries_of
from lienthong.apps.registry.models import Change, Entry, NodeKey, PaperRule, SignedHead
from lienthong.apps.registry.rules import Paper
from lienthong.core import signing

AT_ONCE = 5000


@transaction.atomic
def publish(signer: signing.DigestSigner | None = None) -> int:
    """Number what changed in the directory since the last time and sign the new head; how many.

    signer: by default the key of the axis that signs receipts. Raises KeyMissing.
    """
    chosen = signer or pki.hub_receipt_signer()
    head, _ = SignedHead.objects.get_or_create(pk=1, defaults=_nothing())
    head = SignedHead.objects.select_for_update().get(pk=1)
    changed = _changed(directory.take_changes())
    now = timezone.now()
    for each in changed:
        head.sequence += 1
        head.chain = rules.chained(head.chain, head.sequence, *each)
    if not changed and head.token and now - head.signed_at < rules.VALID_FOR / 7:
        return 0
    _keep(changed, head.sequence - len(changed), now)
    found = rules.Head(head.sequence, head.chain, queries.state(), queries.count(), now)
    head.token = signing.sign_jws(
        found.to_payload(settings.NODE_NAME), key=chosen, certificate=chosen.certificate, at=now
    )
    head.signed_at = head.taken_at = now
    head.save()
    return len(changed)


def _nothing() -> dict[str, object]:
    now = timezone.now()
    return {"sequence": 0, "chain": rules.START, "token": "", "signed_at": now, "taken_at": now}


def _changed(ids: list[int]) -> list[tuple[str, str]]:
    """(key, body) of those whose entry is another now."""
    known = dict(Entry.objects.filter(pk__in=[str(pk) for pk in ids]).values_list("key", "body"))
    return [(key, body) for key, body in entries_of(ids) if known.get(key, "") != body]


def _keep(changed: list[tuple[str, str]], before: int, now: datetime) -> None:
    """Write changes and the entries they lead to. The chain is in the head and made again."""
    first = Change.objects.filter(sequence=before).values_list("chain", flat=True).first()
    chain = first or rules.START
    rows = []
    for sequence, (key, body) in enumerate(changed, before + 1):
        chain = rules.chained(chain, sequence, key, body)
        rows.append(Change(sequence=sequence, key=key, body=body, chain=chain, at=now))
    Change.objects.bulk_create(rows, batch_size=AT_ONCE)
    keep_entries(rows)


def keep_entries(changes: Iterable[Change]) -> None:
    """Bring the entries up to these changes, the last one of each agency."""
    last = {each.key: each for each in changes}
    Entry.objects.filter(pk__in=[key for key, each in last.items() if not each.body]).delete()
    Entry.objects.bulk_create(
        [
            Entry(key=key, body=each.body, sequence=each.sequence)
            for key, each in last.items()
            if each.body
        ],
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["body", "sequence"],
    )


@transaction.atomic
def tell_node(node_id: str, certificate: str, codes: Iterable[str]) -> None:
    """Say which node speaks for these agencies, with which certificate; for no others."""
    found = [directory.find(code) for code in codes]
    wanted = {each.pk for each in found if each is not None}
    gone = NodeKey.objects.filter(node_id=node_id).exclude(pk__in=wanted)
    directory.note_change({*wanted, *gone.values_list("pk", flat=True)})
    gone.delete()
    NodeKey.objects.bulk_create(
        [NodeKey(organization_id=pk, node_id=node_id, certificate=certificate) for pk in wanted],
        update_conflicts=True,
        unique_fields=["organization_id"],
        update_fields=["node_id", "certificate"],
    )


def allow_paper(
    kind: Paper,
    type_code: int,
    *,
    basis: str,
    valid_from: date,
    valid_to: date | None = None,
    agency_code: str = "",
) -> PaperRule:
    """Put a type of document on one of the lists of DX-17."""
    return PaperRule.objects.create(
        list=kind,
        type_code=type_code,
        agency_code=agency_code,
        basis=basis,
        valid_from=valid_from,
        valid_to=valid_to,
    )


def end_paper(rule_id: int, on: date) -> None:
    """Take a type off a list from that day on."""
    PaperRule.objects.filter(pk=rule_id, valid_from__lt=on).update(valid_to=on)
    PaperRule.objects.filter(pk=rule_id, valid_from__gte=on).delete()
