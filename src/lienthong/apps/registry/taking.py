"""A node takes the registry from the axis: changes it can check, kept for when the axis is away."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import httpx
import orjson
from django.db import transaction
from django.utils import timezone

from lienthong.apps.pki import api as pki
from lienthong.apps.registry import queries, rules
from lienthong.apps.registry.actions import keep
from lienthong.apps.registry.models import SignedHead
from lienthong.core import signing
from lienthong.core.errors import Problem

logger = logging.getLogger(__name__)

ANSWER_WITHIN_S = 30.0


def take(
    url: str, trust: signing.Trust | None = None, transport: httpx.BaseTransport | None = None
) -> int:
    """Take what the axis at `url` has told since the last time; how many changes.

    transport: how to reach it, for tools; by default over the network.
    Nothing is kept unless the signature, the numbers, the chain and the digest of all entries fit.
    Raises RegistryAway, RegistryInvalid.
    """
    known = SignedHead.objects.filter(pk=1).first()
    sequence, chain = (known.sequence, known.chain) if known else (0, rules.START)
    try:
        with httpx.Client(timeout=ANSWER_WITHIN_S, trust_env=False, transport=transport) as http:
            token, told = _ask(http, url.rstrip("/"), sequence)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise rules.RegistryAway(reason=type(error).__name__) from error
    try:
        payload = signing.verify_jws(token, trust=trust or pki.trust(), at=timezone.now())
    except Problem as problem:
        raise rules.RegistryInvalid(reason=problem.code) from problem
    head = rules.head_of(payload)
    if head.sequence < sequence or (known and head.at < known.signed_at.replace(microsecond=0)):
        raise rules.RegistryInvalid(reason="cũ hơn danh bạ đã có")
    changes = _checked(told, sequence, chain, head)
    _keep(changes, head, token)
    return len(changes)


def _ask(http: httpx.Client, url: str, after: int) -> tuple[str, list[dict[str, Any]]]:
    """The signed head and every change up to it."""
    token = http.get(f"{url}/v1/registry/head").raise_for_status().json()["head"]
    last = int(signing.read_jws(token).payload["sequence"])
    told: list[dict[str, Any]] = []
    while after < last:
        answer = http.get(f"{url}/v1/registry/changes", params={"after": after})
        some = answer.raise_for_status().json()["changes"]
        if not some:
            break
        told += some
        after = int(some[-1]["sequence"])
    return token, [each for each in told if each["sequence"] <= last]


def _checked(
    told: list[dict[str, Any]], sequence: int, chain: str, head: rules.Head
) -> list[rules.Numbered]:
    """The changes, when they lead from here to the signed head. Raises RegistryInvalid."""
    for number, each in enumerate(told, sequence + 1):
        if each.get("sequence") != number:
            raise rules.RegistryInvalid(reason=f"thiếu thay đổi số {number}")
    changed = [(str(each["key"]), str(each["body"])) for each in told]
    rows = rules.numbered(sequence, chain, changed)
    last = (rows[-1].sequence, rows[-1].chain) if rows else (sequence, chain)
    if last != (head.sequence, head.chain):
        raise rules.RegistryInvalid(reason="các thay đổi không khớp chữ ký")
    return rows


@transaction.atomic
def _keep(changes: Sequence[rules.Numbered], head: rules.Head, token: str) -> None:
    if changes:
        keep(changes, timezone.now())
    if (queries.state(), queries.count()) != (head.state, head.count):
        raise rules.RegistryInvalid(reason="nội dung không khớp chữ ký")
    SignedHead.objects.update_or_create(
        pk=1,
        defaults={
            "sequence": head.sequence,
            "chain": head.chain,
            "token": token,
            "signed_at": head.at,
            "taken_at": timezone.now(),
            "problem": "",
        },
    )


def take_quietly(url: str, transport: httpx.BaseTransport | None = None) -> None:
    """Take, and note what stood in the way; what is kept stays good."""
    try:
        take(url, transport=transport)
    except Problem as problem:
        logger.warning("%s", problem.sentence)
        SignedHead.objects.filter(pk=1).update(problem=problem.sentence)


def told(after: int) -> bytes:
    """The answer to a node that asks for changes."""
    rows = queries.changes(after)
    listed = [{"sequence": each.sequence, "key": each.key, "body": each.body} for each in rows]
    return orjson.dumps({"changes": listed})
