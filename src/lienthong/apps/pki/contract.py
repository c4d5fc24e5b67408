"""What a registering agency and the authority agree on: kinds, subjects, the names on the wire.

Both sides read these from here, so that they cannot drift apart. No rows here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import models

from lienthong.core import tlog
from lienthong.core.signing import canonical_json

# The `typ` and version of what a registrar signs.
REGISTRATION_TYPE = "lienthong-registration+jws"
TABLE_TYPE = "lienthong-registration-table+jws"
VERSION = 1
SUBJECT_FIELDS = (
    "common_name", "organization", "organization_code", "unit", "title", "serial", "place",
)  # fmt: skip
OFFICER_PREFIX = "CB:VN-"  # before an officer code in a certificate (SG 3.2)
CONFIRM_HOLD_WITHIN = timedelta(hours=24)  # SG 4.1: one person holds, a second confirms


def row_leaf(registration: Mapping[str, Any]) -> bytes:
    """The leaf of a registration in the tree that a registrar signs for a whole table (SG-D-04)."""
    return tlog.leaf_hash(canonical_json(registration))


class RequestKind(models.TextChoices):
    """What is asked for (SG 4.2)."""

    NEW = "new", "Cấp mới"
    RENEW = "renew", "Gia hạn"
    CHANGE = "change", "Thay đổi nội dung"
    REVOKE = "revoke", "Thu hồi"
    HOLD = "hold", "Tạm dừng"
    RELEASE = "release", "Bỏ tạm dừng"
    RESTORE = "restore", "Khôi phục thiết bị"


ISSUING = frozenset({RequestKind.NEW, RequestKind.RENEW, RequestKind.CHANGE})
# Unlocking a device is between the registrar and the holder.
AT_AUTHORITY = tuple(kind for kind in RequestKind if kind is not RequestKind.RESTORE)
# What the clock of deadlines.toml calls the act.
CLOCK = {kind: "issue" if kind is RequestKind.NEW else kind.value for kind in RequestKind}


class SubjectKind(models.TextChoices):
    """For whom a certificate is (SG 4.2)."""

    PERSON = "person", "Cá nhân"
    AGENCY = "agency", "Cơ quan (con dấu)"
    SERVICE = "service", "Dịch vụ, thiết bị, phần mềm"
