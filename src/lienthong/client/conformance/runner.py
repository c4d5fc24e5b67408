"""Asks every question, in order, and keeps what came of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import httpx

from lienthong.client.conformance import kit_door, log, native
from lienthong.client.conformance.bench import Bench, Check, NotAsExpected
from lienthong.client.conformance.profile import Profile
from lienthong.client.conformance.report import Outcome, Report, Result
from lienthong.core.errors import Problem

CHECKS: tuple[Check, ...] = (*native.checks.listed, *log.checks.listed, *kit_door.checks.listed)


def run(
    target: str,
    profile: Profile,
    *,
    checks: Sequence[Check] = CHECKS,
    tell: Callable[[Outcome], None] = lambda _: None,
) -> Report:
    """Ask `target` every check. `tell` hears each outcome as it comes."""
    started = datetime.now(UTC)
    bench = Bench(target, profile)
    outcomes = []
    try:
        for check in checks:
            outcome = _outcome(check, bench)
            outcomes.append(outcome)
            tell(outcome)
    finally:
        bench.close()
    return Report(target, started, datetime.now(UTC), tuple(outcomes))


def _outcome(check: Check, bench: Bench) -> Outcome:
    """A check that meets an answer of a shape nobody expected has failed too."""
    began = time.monotonic()
    saw = ""
    try:
        check.ask(bench)
    except NotAsExpected as error:
        saw = str(error) or "khác với yêu cầu"
    except Problem as problem:
        saw = f"{problem.code}: {problem.sentence}"
    except (httpx.HTTPError, ValueError, KeyError, TypeError, IndexError) as error:
        saw = f"{type(error).__name__}: {error}"
    ms = round((time.monotonic() - began) * 1000)
    result = Result.FAILED if saw else Result.PASSED
    return Outcome(check.id, check.title, check.source, result, saw[:400], ms)
