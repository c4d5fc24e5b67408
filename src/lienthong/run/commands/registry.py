"""`lienthong registry …`: the directory of agencies, loaded, listed, published, taken."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import click

from lienthong.core.errors import Problem

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class RegistryFileInvalid(Problem):
    """A line of the file is no agency."""

    code = "run.registry_file_invalid"
    status = 422
    text = "Dòng {line} của tệp danh bạ không hợp lệ: {reason}."


@click.group()
def registry() -> None:
    """Agencies and their keys, told as numbered and signed changes."""


@registry.command("load")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def registry_load(*, file: Path, as_json: bool) -> None:
    """Enter the agencies of FILE, one JSON object a line, all or none of them.

    Each has `name`, `codes` (by scheme: QD20, QCVN102, LOCAL), and may have `kind`, `short_name`
    and `parent_code`. Parents come before their children.
    """
    _django()
    from lienthong.apps.directory import api as directory  # noqa: PLC0415  Django is ready now

    began = time.monotonic()
    count = directory.load(_organization(n, line) for n, line in _lines(file))
    _say(as_json, count=count, seconds=round(time.monotonic() - began, 2))


def _lines(file: Path) -> Any:
    with file.open(encoding="utf-8") as opened:
        yield from enumerate((line for line in opened if line.strip()), 1)


def _organization(number: int, line: str) -> Any:
    from lienthong.apps.directory import api as directory  # noqa: PLC0415  Django is ready now

    try:
        facts = json.loads(line)
        return directory.NewOrganization(
            name=str(facts["name"]),
            kind=directory.Kind(facts.get("kind", "other")),
            codes={directory.Scheme(key): str(v) for key, v in facts["codes"].items()},
            short_name=str(facts.get("short_name", "")),
            parent_code=str(facts.get("parent_code", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistryFileInvalid(line=number, reason=type(error).__name__) from error


@registry.command("list")
@click.option("--json", "as_json", is_flag=True, help="Count and seconds as one JSON object.")
def registry_list(*, as_json: bool) -> None:
    """List every agency of today: code and name."""
    _django()
    from lienthong.apps.directory import api as directory  # noqa: PLC0415  Django is ready now

    began = time.monotonic()
    found = directory.snapshot()
    if as_json:
        _say(as_json, count=len(found), seconds=round(time.monotonic() - began, 2))
        return
    for each in found:
        click.echo(f"{each.code:35} {each.name}")


@registry.command("successions")
@click.argument("file", type=_FILE, required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def registry_successions(*, file: Path | None, as_json: bool) -> None:
    """Record who was merged into whom; without FILE the ministries and provinces of 2025."""
    _django()
    from lienthong.apps.registry import api as registry_api  # noqa: PLC0415  Django is ready now

    if file is None:
        count, missing = registry_api.load_successions()
    else:
        count, missing = registry_api.load_successions(file)
    _say(as_json, count=count, not_in_directory=missing)


@registry.command("publish")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def registry_publish(*, as_json: bool) -> None:
    """At the axis: number and sign what changed. The worker does it every minute."""
    _django()
    from lienthong.apps.registry import api as registry_api  # noqa: PLC0415  Django is ready now

    began = time.monotonic()
    count = registry_api.publish()
    seconds = round(time.monotonic() - began, 2)
    _say(as_json, count=count, sequence=registry_api.head().sequence, seconds=seconds)


def _say(as_json: bool, **facts: Any) -> None:
    if as_json:
        click.echo(json.dumps({"ok": True, **facts}, ensure_ascii=False))
        return
    for name, value in facts.items():
        click.echo(f"{name}: {value}")


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
    import django  # noqa: PLC0415  after the settings are named

    django.setup()
