"""Walks a chain from its first entry to its head."""

from __future__ import annotations

import contextlib

from lienthong.apps.accounts.api import everywhere
from lienthong.apps.journal import queries, rules
from lienthong.apps.journal.actions import hash_of


def check_chain(organization_id: int | None) -> int:
    """Return how many entries the chain has. Raises ChainBroken at the first that does not fit.

    Finds changed, removed, inserted and cut-off entries. Who may rewrite the whole database can
    also rewrite a chain with its head: only checkpoints kept elsewhere find that (TM-A-05).
    """
    stream = rules.stream_of(organization_id)
    wall = everywhere() if organization_id is None else contextlib.nullcontext()
    with wall:
        sequence, previous = 0, ""
        while found := queries.entries(stream, sequence):
            for entry in found:
                fits = (entry.sequence, entry.previous_hash) == (sequence + 1, previous)
                if not fits or hash_of(entry) != entry.hash:
                    raise rules.ChainBroken(stream=stream, sequence=sequence + 1)
                sequence, previous = entry.sequence, entry.hash
        head = queries.head(organization_id)
    end = (head.sequence, head.hash) if head else (0, "")
    if end != (sequence, previous):
        raise rules.ChainBroken(stream=stream, sequence=sequence + 1)
    return sequence
