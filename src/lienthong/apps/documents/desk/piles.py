"""The piles of the work desk: what waits, for whom, and the next move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents.desk import queries


@dataclass(frozen=True, slots=True)
class Bucket:
    """One kind of work on the desk: what waits, for whom, and the next move."""

    name: str
    label: Any
    todo: Any
    icon: str
    roles: frozenset[Role]
    is_incoming: bool
    query: str = ""  # narrows the list to this bucket


BUCKETS: tuple[Bucket, ...] = (
    Bucket(
        "to_register",
        _("Chờ tiếp nhận"),
        _("Kiểm tra và cấp số đến"),
        "inbox",
        frozenset({Role.CLERK}),
        True,
        "?state=arrived",
    ),
    Bucket(
        "to_direct",
        _("Chờ phân công"),
        _("Cho ý kiến chỉ đạo"),
        "diagram-3",
        frozenset({Role.LEADER, Role.UNIT_HEAD}),
        True,
        "?state=registered",
    ),
    Bucket(
        "to_sign",
        _("Chờ ký"),
        _("Ký số"),
        "pen",
        frozenset({Role.LEADER, Role.UNIT_HEAD}),
        False,
        "?state=awaiting_signature",
    ),
    Bucket(
        "to_review",
        _("Chờ duyệt"),
        _("Duyệt dự thảo"),
        "clipboard-check",
        frozenset({Role.UNIT_HEAD, Role.LEADER}),
        False,
        "?state=in_review",
    ),
    Bucket(
        "to_review_form",
        _("Chờ duyệt thể thức"),
        _("Kiểm tra thể thức"),
        "clipboard-check",
        frozenset({Role.CLERK}),
        False,
        "?state=in_form_review",
    ),
    Bucket(
        "to_work",
        _("Giao cho tôi"),
        _("Xử lý văn bản đến"),
        "list-task",
        frozenset({Role.OFFICER, Role.UNIT_HEAD}),
        True,
    ),
    Bucket(
        "to_draft",
        _("Dự thảo của tôi"),
        _("Hoàn thiện và trình duyệt"),
        "pencil-square",
        frozenset({Role.OFFICER, Role.CLERK, Role.UNIT_HEAD}),
        False,
        "?state=draft",
    ),
    Bucket(
        "to_seal",
        _("Chờ đóng dấu"),
        _("Ký số cơ quan"),
        "patch-check",
        frozenset({Role.CLERK}),
        False,
        "?state=signed",
    ),
    Bucket(
        "to_dispatch",
        _("Chờ phát hành"),
        _("Gửi qua trục"),
        "send",
        frozenset({Role.CLERK}),
        False,
        "?state=sealed",
    ),
)


@dataclass(frozen=True, slots=True)
class Pile:
    """A bucket with what is in it."""

    bucket: Bucket
    documents: list[Any]  # without those that are overdue: they stand on top of the desk
    count: int
    has_more: bool


def piles(actor: Actor, desk: queries.Desk) -> list[Pile]:
    """The buckets of this person's roles, and any other in which something waits for them."""
    return [
        Pile(
            bucket,
            list(getattr(desk, bucket.name))[: queries.DESK_SHOWS],
            desk.counts[bucket.name],
            has_more=len(getattr(desk, bucket.name)) > queries.DESK_SHOWS,
        )
        for bucket in BUCKETS
        if bucket.roles & actor.roles or desk.counts[bucket.name]
    ]
