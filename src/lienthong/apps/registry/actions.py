"""The axis numbers and signs changes; people keep the paper lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models.expressions import RawSQL
from django.utils import timezone

from lienthong.apps.directory import api as directory
from lienthong.apps.pki import api as pki
from lienthong.apps.registry import queries, rules
from lienthong.apps.registry.building import entries_of
from lienthong.apps.registry.models import Entry, NodeKey, PaperRule, SignedHead
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
    changed = rules.numbered(head.sequence, head.chain, _changed(directory.take_changes()))
    now = timezone.now()
    if not changed and head.token and now - head.signed_at < rules.VALID_FOR / 7:
        return 0
    if changed:
        keep(changed, now)
        head.sequence, head.chain = changed[-1].sequence, changed[-1].chain
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


def _changed(ids: Sequence[int]) -> Iterator[tuple[str, str]]:
    """(key, body) of those whose entry is another now."""
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        keys = RawSQL("SELECT unnest(%s::text[])", [[str(pk) for pk in some]])
        known = dict(Entry.objects.filter(pk__in=keys).values_list("key", "body"))
        for key, body in entries_of(some):
            if known.get(key, "") != body:
                yield key, body


_LEAD_TO_ENTRIES = """
WITH last AS (
  SELECT DISTINCT ON (key) key COLLATE "C" AS key, body, sequence
  FROM registry_change WHERE sequence >= %s ORDER BY key, sequence DESC
), ended AS (
  DELETE FROM registry_entry e USING last WHERE e.key = last.key AND last.body = ''
)
INSERT INTO registry_entry (key, body, sequence)
SELECT key, body, sequence FROM last WHERE body <> ''
ON CONFLICT (key) DO UPDATE SET body = excluded.body, sequence = excluded.sequence
"""


def keep(changes: Sequence[rules.Numbered], at: datetime) -> None:
    """Write at least one change, and the entries they lead to: the last one of each agency."""
    with connection.cursor() as cursor:
        with cursor.copy(
            "COPY registry_change (sequence, key, body, chain, at) FROM STDIN"
        ) as rows:
            for each in changes:
                rows.write_row((*each, at))
        cursor.execute(_LEAD_TO_ENTRIES, [changes[0].sequence])


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
