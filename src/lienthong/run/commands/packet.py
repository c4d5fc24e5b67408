"""`lienthong packet make | show | check`: edXML packets as files."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import click

from lienthong.core.errors import Problem
from lienthong.run.commands.verify import read

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_PROFILE = click.Choice(["strict", "compat"])


class DescriptionInvalid(Problem):
    """The TOML file does not describe a document packet."""

    code = "run.packet_description_invalid"
    status = 422
    text = "Tệp mô tả gói tin {file} không hợp lệ: {reason}."


@click.group()
def packet() -> None:
    """Make, show and check edXML packets (unsigned; the access point signs what it sends)."""


@packet.command("make")
@click.argument("description", type=_FILE)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True)
def packet_make(description: Path, output: Path) -> None:
    """Write the packet that the TOML file DESCRIPTION describes.

    \b
    document_id = "…"   number = "125"   notation = "BTN-CNTT"   promulgated_on = 2026-03-02
    subject = "…"       attachments = ["van-ban.pdf"]            # files beside DESCRIPTION
    sender = { code = "G99", name = "…" }
    receivers = [{ code = "H99", name = "…" }]
    """
    from lienthong.core import edxml  # noqa: PLC0415  heavy

    raw = edxml.encode(from_description(description))
    output.write_bytes(raw)
    click.echo(f"{output}  {len(raw)} bytes")


def from_description(file: Path) -> Any:
    """The packet that a TOML file describes. Raises DescriptionInvalid."""
    from lienthong.core import edxml  # noqa: PLC0415  heavy

    try:
        facts = tomllib.loads(file.read_text(encoding="utf-8"))
        names = facts.pop("attachments", [])
        facts["sender"] = edxml.Organization(**facts["sender"])
        facts["receivers"] = tuple(edxml.Organization(**one) for one in facts["receivers"])
        if "signer" in facts:
            facts["signer"] = edxml.Signer(**facts["signer"])
        if "urgency" in facts:
            facts["urgency"] = edxml.Urgency(facts["urgency"])
        if not isinstance(facts["promulgated_on"], date):
            raise TypeError("promulgated_on")
        attachments = tuple(
            edxml.Attachment.of(
                Path(name).name, (file.parent / name).read_bytes(), content_id=f"att-{number}"
            )
            for number, name in enumerate(names, start=1)
        )
        return edxml.DocumentPacket(**facts, attachments=attachments)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, OSError) as error:
        raise DescriptionInvalid(file=str(file), reason=str(error)) from error


@packet.command("show")
@click.argument("file", type=_FILE)
@click.option("--profile", type=_PROFILE, default="compat", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def packet_show(file: Path, profile: str, as_json: bool) -> None:
    """Print who sends what to whom. Exit 1 with the findings when FILE is no packet."""
    from lienthong.core import edxml  # noqa: PLC0415  heavy

    facts = summary(edxml.decode(read(file), profile=edxml.Profile[profile.upper()]))
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for name, value in facts.items():
        for line in value if isinstance(value, list) else [value]:
            click.echo(f"{name:12} {line}")


def summary(found: Any) -> dict[str, Any]:
    """The facts of a packet that a person asks for first."""
    from lienthong.core import edxml  # noqa: PLC0415  heavy

    sender = f"{found.sender.code}  {found.sender.name}".strip()
    if isinstance(found, edxml.StatusPacket):
        return {
            "kind": "status",
            "sender": sender,
            "status": f"{found.status.value}  {found.status.label}",
            "about": f"{found.response_for.reference}  {found.response_for.document_id}".strip(),
            "receiver": found.response_for.code,
            "at": found.at.isoformat(),
            "description": found.description,
        }
    return {
        "kind": "edoc",
        "document_id": found.document_id,
        "reference": found.reference,
        "date": found.promulgated_on.isoformat(),
        "type": found.type_name,
        "subject": found.subject,
        "urgency": found.urgency.label,
        "sender": sender,
        "receivers": [f"{one.code}  {one.name}".strip() for one in found.receivers],
        "attachments": [f"{one.name}  {len(one.data)} bytes" for one in found.attachments],
    }


@packet.command("check")
@click.argument("file", type=_FILE)
@click.option("--profile", type=_PROFILE, default="strict", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def packet_check(file: Path, profile: str, as_json: bool) -> None:
    """List everything that the rules of the exchange find in FILE. Exit 1 when it is refused."""
    from lienthong.core import edxml  # noqa: PLC0415  heavy

    reading = edxml.read(read(file), profile=edxml.Profile[profile.upper()])
    refused = reading.packet is None
    if as_json:
        findings = [
            {
                "rule": one.rule,
                "severity": one.severity.value,
                "where": one.where,
                "text": one.text,
                "wire_code": one.wire_code,
            }
            for one in reading.findings
        ]
        answer = {"ok": not refused, "findings": findings}
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for one in reading.findings:
            click.echo(f"{one.rule:6} {one.severity.value}  {one.where}: {one.text}")
        click.echo("bị từ chối" if refused else "đạt")
    if refused:
        click.get_current_context().exit(1)
