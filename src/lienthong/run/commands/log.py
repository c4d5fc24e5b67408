"""`lienthong log …`: audit a log from outside; name witnesses and logs to watch on a node."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lienthong.core.errors import Problem
from lienthong.run.commands.verify import TrustNotFound, load_trust

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from lienthong.core import tlog
    from lienthong.core.signing import Trust
    from lienthong.core.signing.log_audit import Audit

_PATH = click.Path(path_type=Path, exists=True)
_STATE = click.Path(path_type=Path, dir_okay=False)


class LogKeyNotKnown(Problem):
    """Nobody told the auditor the key of the log: nothing could be believed."""

    code = "run.log_key_not_known"
    status = 422
    text = "Không biết khóa của nhật ký “{origin}”; hãy dùng --key hoặc --trust."


@click.group()
def log() -> None:
    """Logs that cannot be rewritten: audit them, witness them."""


@log.command("audit")
@click.argument("url")
@click.option("--key", "key_text", help="The log's public key, as it publishes it (name+id+key).")
@click.option("--trust", type=_PATH, help="Folder or bundle with keys/log.pub and witnesses.")
@click.option(
    "--since",
    type=_STATE,
    help="State file: what the last audit saw. Made when absent, renewed when all is good.",
)
@click.option("--whole", is_flag=True, help="With --since: read every entry again, not only new.")
@click.option(
    "--witnesses",
    "quorum",
    type=click.IntRange(0),
    default=0,
    help="How many known witnesses must have signed (default 0).",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def log_audit(
    *,
    url: str,
    key_text: str | None,
    trust: Path | None,
    since: Path | None,
    whole: bool,
    quorum: int,
    as_json: bool,
) -> None:
    """Check the whole log at URL: tiles, entries, last seen head, witnesses, time-stamps.

    URL is the log's address, such as https://truc.example/v1/log. Exit 0 when everything holds;
    1 with the reasons when something does not, or could not be read.
    """
    from lienthong.apps.evidence.wire import fetching  # noqa: PLC0415  heavy
    from lienthong.core import tlog  # noqa: PLC0415
    from lienthong.core.signing.log_audit import audit_log  # noqa: PLC0415
    from lienthong.run.files import write_whole  # noqa: PLC0415

    known = _trust(trust)
    text = since.read_text(encoding="utf-8") if since is not None and since.exists() else ""
    seen = tlog.read_seen(text) if text else None
    with fetching(url) as fetch:
        key = _key(fetch, key_text, known, seen)
        found = audit_log(
            fetch, key, at=datetime.now(UTC), trust=known, seen=seen, whole=whole or seen is None
        )
    if len(found.cosignatures) < quorum:
        reason = f"Có {len(found.cosignatures)} nhân chứng ký, cần {quorum}."
        found.log.find("witnesses_missing", reason)
    if since is not None and (now := found.log.seen) is not None:
        write_whole(since, now.to_json().encode())
    click.echo(json.dumps(_facts(url, found), ensure_ascii=False) if as_json else _text(url, found))
    if not found.ok:
        click.get_current_context().exit(1)


def _trust(named: Path | None) -> Trust | None:
    """The trust that was named, or the nearest one; None when there is none."""
    try:
        return load_trust(named, Path.cwd() / "-")
    except TrustNotFound:
        return None


def _key(
    fetch: tlog.Fetch, text: str | None, trust: Trust | None, seen: tlog.Seen | None
) -> Ed25519PublicKey:
    """The key that the auditor was told, or that the trust has for this log.

    Raises LogKeyNotKnown, CheckpointInvalid.
    """
    from lienthong.core import tlog  # noqa: PLC0415  heavy
    from lienthong.core.signing.log_audit import log_key  # noqa: PLC0415

    if text is not None:
        return tlog.parse_verifier_key(text).public_key
    head = fetch("checkpoint") or b""
    origin = seen.origin if seen else head.decode("utf-8", "replace").partition("\n")[0]
    key = log_key(trust, origin) if trust else None
    if key is None:
        raise LogKeyNotKnown(origin=origin)
    return key


def _facts(url: str, found: Audit) -> dict[str, Any]:
    head = found.log.checkpoint
    return {
        "ok": found.ok,
        "url": url,
        "origin": head.origin if head else None,
        "size": head.size if head else None,
        "root": head.root.hex() if head else None,
        "since": found.log.since,
        "entries": found.log.entries,
        "tiles": found.log.tiles,
        "witnessed_size": found.witnessed.size if found.witnessed else None,
        "witnesses": [
            {"name": each.witness, "at": each.at.isoformat()} for each in found.cosignatures
        ],
        "timestamps": [each.to_json() for each in found.stamps],
        "findings": [each.to_json() for each in found.log.findings],
    }


def _text(url: str, found: Audit) -> str:
    head = found.log.checkpoint
    lines = [f"Nhật ký ở {url}"]
    if head is not None:
        lines.append(f"  “{head.origin}”: {head.size} mục, gốc {head.root.hex()}")
        lines.append(f"  đã đọc {found.log.entries} mục, {found.log.tiles} mảnh")
    if found.log.since:
        lines.append(f"  so với lần trước: {found.log.since} mục")
    for each in found.cosignatures:
        lines.append(f"  nhân chứng {each.witness}, {each.at.isoformat()}")
    for stamp in found.stamps[:3]:
        verdict = stamp.verdict.label if stamp.verdict else "chưa có"
        lines.append(f"  dấu thời gian của {stamp.size} mục: {verdict}")
    lines += [f"  [KHÔNG ĐẠT] {each.code}: {each.text}" for each in found.log.findings]
    lines.append("Kết luận: toàn vẹn." if found.ok else "Kết luận: KHÔNG toàn vẹn.")
    return "\n".join(lines)


@log.command("keys")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def log_keys(*, as_json: bool) -> None:
    """Print the public keys of this node: its logs' and the one it witnesses with."""
    _django()
    from lienthong.apps.evidence import api as evidence  # noqa: PLC0415  Django is ready now
    from lienthong.apps.pki.api import KeyMissing  # noqa: PLC0415

    found = {"witness": str(evidence.own_key())}
    for name in ("journal", "exchange"):
        try:
            found[name] = str(evidence.source(name).key())
        except KeyMissing:  # an agency has no exchange log
            continue
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, text in found.items():
        click.echo(f"{name:9} {text}")


@log.command("witness")
@click.argument("key")
@click.argument("url")
def log_witness(*, key: str, url: str) -> None:
    """Let the node with this witness KEY cosign our logs; URL ends in /v1/witness."""
    _django()
    from lienthong.apps.evidence import api as evidence  # noqa: PLC0415  Django is ready now

    click.echo(evidence.add_witness(key, url).name)


@log.command("watch")
@click.argument("key")
@click.argument("url")
def log_watch(*, key: str, url: str) -> None:
    """Witness the log with this KEY and read it at URL, such as https://truc.example/v1/log."""
    _django()
    from lienthong.apps.evidence import api as evidence  # noqa: PLC0415  Django is ready now

    click.echo(evidence.watch(key, url).origin)


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
    import django  # noqa: PLC0415  after the settings are named

    django.setup()
