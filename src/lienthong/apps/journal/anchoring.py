"""The journal as a log of its own: entries enter it in order, and are read back from their rows.

Nobody can change an entry, take it away or put the database back without breaking the tree that
witnesses elsewhere have seen (TM-A-05). Reading makes each leaf anew from everything the row says.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from django.db import transaction
from django.db.models import Count, Max, Q

from lienthong.apps.accounts.api import everywhere
from lienthong.apps.evidence import api as evidence
from lienthong.apps.journal import rules
from lienthong.apps.journal.actions import hash_of
from lienthong.apps.journal.models import Entry, Head, Leaf
from lienthong.apps.pki import api as pki
from lienthong.core import tlog

ANCHOR_MAX = 5000
REMOVED = b""


def anchor() -> int:
    """Let the entries written since the last time enter the log; how many did.

    An entry that does not fit its chain or that this node did not seal stays outside, with all
    after it in its chain, and an incident is raised.
    """
    count = 0
    while step := _step():
        count += step
    return count


@transaction.atomic
def _step() -> int:
    with everywhere():
        size = evidence.lock(rules.LOG)
        placed = list(_new_entries(adopts=size == 0))
        if not placed:
            return 0
        leaves = [tlog.leaf_hash(_entry_of(each)) for each in placed]
        evidence.append(rules.LOG, leaves, pki.own_key(rules.LOG))
        Leaf.objects.bulk_create(
            Leaf(leaf_index=index, stream=each.stream, sequence=each.sequence)
            for index, each in enumerate(placed, size)
        )
    return len(placed)


def _new_entries(*, adopts: bool) -> Iterator[Entry]:
    """Good entries that are in no leaf yet: of each chain those after its last one.

    adopts: the log is empty, so what was written before there were seals is taken as it is.
    """
    last = dict(Leaf.objects.values_list("stream").annotate(Max("sequence")))
    left = ANCHOR_MAX
    for head in Head.objects.filter(sequence__gt=0).order_by("stream"):
        done = last.get(head.stream, 0)
        if left and head.sequence > done:
            for entry in _good(head.stream, done, left, adopts=adopts):
                left -= 1
                yield entry


def _good(stream: str, done: int, limit: int, *, adopts: bool) -> Iterator[Entry]:
    """The entries of a chain after number `done`, up to the first that is not good."""
    secret = pki.own_secret(rules.SEAL_SECRET)
    before = Entry.objects.filter(stream=stream, sequence=done).first()
    sequence, previous = done, before.hash if before else ""
    found = Entry.objects.filter(stream=stream, sequence__gt=done).order_by("sequence")
    for entry in found[:limit]:
        sequence += 1
        fits = (entry.sequence, entry.previous_hash) == (sequence, previous)
        sealed = (adopts and not entry.seal) or hmac.compare_digest(
            entry.seal, rules.seal(entry.hash, secret)
        )
        if not (fits and sealed and hash_of(entry) == entry.hash):
            problem = rules.ChainBroken(stream=stream, sequence=sequence)
            evidence.raise_incident(
                evidence.origin(rules.LOG), "chain_broken", f"{problem.sentence} ({stream})"
            )
            return
        previous = entry.hash
        yield entry


def _entry_of(entry: Entry) -> bytes:
    return rules.log_entry(entry.stream, entry.sequence, hash_of(entry))


class JournalLog:
    """The journal of this node (`evidence.LogSource`)."""

    def head(self) -> evidence.Head:
        return evidence.head_of(rules.LOG)

    def read(self, level: int, index: int) -> bytes:
        return evidence.OwnTree(rules.LOG).read(level, index)

    def entries(self, first: int, count: int) -> list[bytes]:
        """Made from the rows as they are; what is no longer there is REMOVED."""
        span = Leaf.objects.filter(leaf_index__gte=first, leaf_index__lt=first + count)
        places = {(each.stream, each.sequence): each.leaf_index for each in span}
        found: dict[int, bytes] = {}
        with everywhere():
            for entry in Entry.objects.filter(_rows_of(places)):
                place = places.get((entry.stream, entry.sequence))
                if place is not None:
                    found[place] = _entry_of(entry)
        return [found.get(index, REMOVED) for index in range(first, first + count)]

    def rows(self) -> evidence.Rows:
        """Anchored rows against the log, and chains whose end is not their last entry."""
        with everywhere(), transaction.atomic():
            size = self.head().size
            anchored = Leaf.objects.count()
            ends = {
                stream: (last, count)
                for stream, last, count in Entry.objects.values_list("stream").annotate(
                    Max("sequence"), Count("pk")
                )
            }
            heads = dict(Head.objects.values_list("stream", "sequence"))
        wrong = sum(
            ends.get(stream, (0, 0)) != (last, last) for stream, last in heads.items()
        ) + sum(stream not in heads for stream in ends)
        return evidence.Rows(size=size, rows=anchored, false=wrong)

    def key(self) -> tlog.VerifierKey:
        public = pki.own_key(rules.LOG).public_key()
        return tlog.VerifierKey(evidence.origin(rules.LOG), tlog.LOG_KIND, public)


def _rows_of(places: dict[tuple[str, int], int]) -> Q:
    """The entries at these places: a stretch of each chain."""
    wanted = Q(pk__in=())
    for stream in {stream for stream, _ in places}:
        numbers = [number for each, number in places if each == stream]
        wanted |= Q(stream=stream, sequence__range=(min(numbers), max(numbers)))
    return wanted
