"""`lienthong packet make | show | check`: edXML packets as files."""

from __future__ import annotations

import json
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lienthong.core.errors import Problem

if TYPE_CHECKING:
    from lienthong.core.edxml import Facts, FileReading, Packet

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_PROFILE = click.Choice(["strict", "compat"])


class FileUnreadable(Problem):
    """The disk or the rights do not let the file be read."""

    code = "run.packet_file_unreadable"
    status = 422
    text = "Không đọc được tệp {file}: {reason}."


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

    reading = _read(file, profile)
    if reading.packet is None:
        raise edxml.PacketInvalid(reading.findings)
    facts = summary(reading.packet, reading.facts)
    if as_json:
        click.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        for line in value if isinstance(value, list) else [value]:
            click.echo(f"{name:12} {_printable(line)}")
    for one in reading.findings:
        click.echo(f"{'warning':12} {one.rule}  {_printable(one.text)}")


def _read(file: Path, profile: str) -> FileReading:
    """Judge a packet by all rules that need no more than it and a clock. Raises FileUnreadable."""
    from lienthong.core import edxml  # noqa: PLC0415  heavy

    now = datetime.now(edxml.VIETNAM)
    try:
        return edxml.read_file(
            file,
            profile=edxml.Profile[profile.upper()],
            context=edxml.Context(today=now.date(), now=now),
        )
    except OSError as error:
        raise FileUnreadable(file=str(file), reason=error.strerror or str(error)) from error


def _printable(text: str) -> str:
    """`text` without the characters that would move the cursor or turn the line around."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def summary(found: Packet, facts: Facts) -> dict[str, str | list[str]]:
    """What a person asks for first."""
    from lienthong.core import edxml  # noqa: PLC0415  heavy

    sender = f"{found.sender.code}  {found.sender.name}".strip()
    if isinstance(found, edxml.StatusPacket):
        return {
            "kind": "status",
            "sender": sender,
            "status": f"{found.status.value or found.status_text}  {found.status.label}",
            "about": f"{found.response_for.reference}  {found.response_for.document_id}".strip(),
            "receiver": found.response_for.code,
            "at": found.at.isoformat(),
            "description": found.description,
        }
    operation: dict[str, str | list[str]] = {}
    if found.business.kind is not edxml.BusinessKind.NEW:
        replaced = [one.document_id for one in found.business.replacements]
        operation["about"] = replaced or [found.target_id]
        operation["reason"] = found.business.reason
    return {
        "kind": "edoc",
        "operation": found.business.kind.label,
        **operation,
        "document_id": found.document_id,
        "reference": found.reference,
        "date": found.promulgated_on.isoformat(),
        "type": found.type_name,
        "subject": found.subject,
        "urgency": found.urgency.label,
        "sender": sender,
        "receivers": [f"{one.code}  {one.name}".strip() for one in found.receivers],
        "attachments": [f"{one.name}  {one.size} bytes" for one in facts.attachments],
        "signature": facts.signature.state.value,
    }


@packet.command("check")
@click.argument("file", type=_FILE)
@click.option("--profile", type=_PROFILE, default="strict", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object in one line.")
def packet_check(file: Path, profile: str, as_json: bool) -> None:
    """List everything that the rules of the exchange find in FILE. Exit 1 when it is refused.

    \b
    --json: {"verdict": "accept" or "refuse",
             "code": transport code as text, "0" when accepted,
             "findings": [{"rule": "V-21", "severity": "T" refuse, "B" business, "W" warning,
                           "message": "…"}]}
    """
    reading = _read(file, profile)
    if as_json:
        answer = {
            "verdict": "refuse" if reading.refused else "accept",
            "code": str(reading.wire_code),
            "findings": [
                {
                    "rule": one.rule,
                    "severity": one.severity.value,
                    "message": f"{one.where}: {one.text}",
                }
                for one in reading.findings
            ],
        }
        click.echo(json.dumps(answer))
    else:
        for one in reading.findings:
            click.echo(_printable(f"{one.rule:6} {one.severity.value}  {one.where}: {one.text}"))
        click.echo(f"bị từ chối, mã {reading.wire_code}" if reading.refused else "đạt")
    if reading.refused:
        click.get_current_context().exit(1)
