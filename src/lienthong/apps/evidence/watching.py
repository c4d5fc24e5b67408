"""Read the logs of others through and say what does not hold (TM-A-05)."""

from __future__ import annotations

import logging

from django.utils import timezone

from lienthong.apps.evidence import rules, wire
from lienthong.apps.evidence.incidents import raise_incident
from lienthong.apps.evidence.models import Watched
from lienthong.apps.evidence.sources import origin, sources
from lienthong.apps.evidence.witnessing import seen_head
from lienthong.apps.pki import api as pki
from lienthong.core import tlog
from lienthong.core.signing.log_audit import Rows, audit_log

logger = logging.getLogger(__name__)


def watch_all() -> int:
    """Audit every watched log and look at our own rows; how many findings there were."""
    found = sum(_watch(each) for each in Watched.objects.exclude(url=""))
    return found + sum(_look_at_own(name, log.rows()) for name, log in sources())


def _look_at_own(name: str, rows: Rows) -> int:
    findings = list(rows.findings())
    for kind, text in findings:
        raise_incident(origin(name), kind, text)
    return len(findings)


def _watch(watched: Watched) -> int:
    now = timezone.now()
    try:
        report = audit(watched)
    except rules.LogAway as problem:
        logger.warning("%s", problem.sentence)
        since = watched.read_at or watched.added_at
        if now - since >= rules.SILENT_AFTER:
            raise_incident(watched.origin, "silent", problem.sentence)
            return 1
        return 0
    watched.read_at = now
    for finding in report.findings:
        raise_incident(
            watched.origin, finding.code, finding.text, entry=finding.index, proof=report.note
        )
    if report.ok and report.checkpoint is not None:
        watched.audited_size, watched.audited_at = report.checkpoint.size, now
        end = watched.cursor + rules.SWEEP_ENTRIES
        watched.cursor = end if end < report.checkpoint.size else 0
    watched.save(update_fields=["read_at", "audited_size", "audited_at", "cursor"])
    return len(report.findings)


def audit(watched: Watched) -> tlog.LogReport:
    """Check what is new and a stretch of what is not, from the head that was cosigned last.

    Raises LogAway.
    """
    key = tlog.parse_verifier_key(watched.key)
    head = seen_head(watched)
    seen = tlog.Seen(head.origin, head.size, head.root, watched.checkpoint) if head else None
    sweep = range(watched.cursor, watched.cursor + rules.SWEEP_ENTRIES)
    unread = range(max(watched.audited_size, sweep.stop), max(watched.size, sweep.stop))
    with wire.fetching(watched.url) as fetch:
        report = audit_log(
            fetch,
            key.public_key,
            at=timezone.now(),
            trust=pki.trust(),
            seen=seen,
            whole=False,
            old_entries=(sweep, unread),
        ).log
    if report.checkpoint is not None and report.checkpoint.origin != watched.origin:
        report.find("other_origin", f"Nhật ký tự xưng là “{report.checkpoint.origin}”.")
    return report
