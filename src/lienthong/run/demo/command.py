"""`lienthong demo`: build the country, walk the main path, print the timeline, stay up."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

from lienthong.core.errors import Problem
from lienthong.run.demo import country as countries
from lienthong.run.demo.journey import Journey, Outcome, Step
from lienthong.run.demo.nation import Nation, Say, nation
from lienthong.run.supervisor import terminated_like_interrupted


class FileUnreadable(Problem):
    """The PDF to send cannot be read."""

    code = "demo.file_unreadable"
    status = 422
    text = "Không đọc được tệp {file}."


LABELS = {"truc": "Trục", "bo": "Bộ", "tinh": "Tỉnh"}


def main(
    *,
    once: bool,
    as_json: bool,
    directory: Path,
    port: int | None,
    file: Path | None,
    reset: bool,
) -> int:
    """Return the exit status: 0 when the document came home with every status in order.

    With `as_json` the people's lines go to standard error, and the facts are the last line of
    standard output. Raises Problem where something refuses.
    """
    out = sys.stderr if as_json else sys.stdout

    def say(text: str) -> None:
        print(text, file=out, flush=True)

    if file is not None and not os.access(file, os.R_OK):
        raise FileUnreadable(file=str(file))
    if reset and directory.exists():
        shutil.rmtree(directory)
    began = time.perf_counter()
    with terminated_like_interrupted():
        try:
            with nation(directory, countries.load(), port=port, say=say) as running:
                say(f"Cả nước đã chạy sau {time.perf_counter() - began:.1f} giây.\n")
                outcome = _walk(running, file, say)
                say(f"\nXong sau {time.perf_counter() - began:.1f} giây kể từ lúc bắt đầu.")
                if as_json:
                    print(outcome.to_json(), flush=True)
                if not once:
                    _stay(running, say)
        except KeyboardInterrupt:
            say("\nĐã dừng mọi tiến trình.")
            return 0 if not once else 130
    return 0 if outcome.ok else 1


def _walk(running: Nation, file: Path | None, say: Say) -> Outcome:
    say("Hành trình của một văn bản")

    def report(step: Step) -> None:
        at = step.at[11:23]
        node = LABELS[step.node]
        say(f"  {at}  {node:<5} {step.title:<44} {step.who:<20} {step.ms:>6} ms")
        for check in step.checks:
            say(f"{'':22}✓ {check}")

    journey = Journey(
        urls={name: node.url("web") for name, node in running.nodes.items()},
        accounts=running.accounts,
        out=running.directory / "out",
        report=report,
    )
    outcome = journey.walk(file)
    say(f"  Trạng thái về nơi gửi: {' → '.join(outcome.statuses)}")
    for name, path in outcome.files.items():
        say(f"  {name:<8} {path}")
    return outcome


def _stay(running: Nation, say: Say) -> None:
    """Print where to go and as whom, then keep every process running until Ctrl-C."""
    say("\nMở trong trình duyệt:")
    for plan in running.country.nodes:
        say(f"\n  {plan.title}: {running.web_url(plan.name)}")
        for human in running.country.people_of(plan):
            account = running.accounts[human.key]
            seats = "; ".join(
                f"{seat.position}, {running.country.agency(seat.organization).name}"
                for seat in human.seats
            )
            keys = f"  PIN {account.pin}" if account.pin else ""
            keys += f"  PIN con dấu {account.seal_pin}" if account.seal_pin else ""
            say(f"    {human.key:<18} {account.password:<28} {human.full_name}: {seats}{keys}")
    say("\nCtrl-C để dừng.")
    running.supervisor.watch()
