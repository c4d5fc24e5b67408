"""`lienthong verify PATH…`: files of every kind, folders too, believed only when proved."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from lienthong.core.errors import Problem

if TYPE_CHECKING:
    from lienthong.core.signing import Trust
    from lienthong.core.signing.verify_file import FileVerdict

SIZE_MAX_BYTES = 200 * 1024 * 1024
SIGNATURE_ENDING = ".p7s"
_PATH = click.Path(path_type=Path, exists=True)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class TrustNotFound(Problem):
    """There is no folder of trusted roots to verify against."""

    code = "run.trust_not_found"
    status = 404
    text = "Không tìm thấy thư mục tin cậy; hãy dùng --trust THƯ_MỤC hoặc đặt LIENTHONG_TRUST."


class FileTooLarge(Problem):
    """The file is larger than anything this command reads."""

    code = "run.file_too_large"
    status = 413
    text = "Tệp {file} lớn quá {limit_mb} MB."


def trust_directory(file: Path) -> Path:
    """The folder of trusted roots: LIENTHONG_TRUST, or the nearest var/demo/trust.

    Looks upwards from the current folder and from the file. Raises TrustNotFound.
    """
    named = os.environ.get("LIENTHONG_TRUST")
    if named:
        return Path(named)
    starts = (Path.cwd(), file.resolve().parent)
    for start in starts:
        for folder in (start, *start.parents):
            for found in (folder / "var" / "demo" / "trust", folder / "trust"):
                if (found / "anchors").is_dir():
                    return found
    raise TrustNotFound


def load_trust(named: Path | None, file: Path) -> Trust:
    """The trust in a folder or in a bundle (ZIP), with what its own trust list says.

    Raises TrustNotFound, TrustInvalid, and what is raised for a list that may not be believed.
    """
    from lienthong.core.signing import Trust  # noqa: PLC0415  heavy

    found = named or trust_directory(file)
    trust = (
        Trust.from_bundle(found.read_bytes()) if found.is_file() else Trust.from_directory(found)
    )
    if not trust.trust_list:
        return trust
    from lienthong.core.signing import trust_list_in_use  # noqa: PLC0415  reads XML

    return trust_list_in_use.applied(trust, at=datetime.now(UTC))


def read(file: Path) -> bytes:
    """The content of a file of a size that can be checked. Raises FileTooLarge."""
    if file.stat().st_size > SIZE_MAX_BYTES:
        raise FileTooLarge(file=str(file), limit_mb=SIZE_MAX_BYTES // 1024**2)
    return file.read_bytes()


def moment(text: str | None) -> datetime:
    """The time to judge at: `text` in ISO 8601 (Vietnam's zone when it names none), or now."""
    if not text:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no ISO 8601 time", param_hint="--at") from error
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


@dataclass(frozen=True, slots=True)
class Job:
    """One file to verify and what stands beside it: its signature, or the content of it."""

    file: Path
    companion: Path | None = None


def jobs(paths: Iterable[Path]) -> Iterator[Job]:
    """Every file below `paths`, each with its neighbour; a signature goes with its content.

    Links and folders that cannot be read are listed too, so that nothing goes unchecked in silence.
    """
    for path in paths:
        if not path.is_dir():
            yield _job(path.resolve())
            continue
        unread: list[OSError] = []
        found = os.walk(path, onerror=unread.append)
        for folder, folders, names in found:
            folders.sort()
            links = [name for name in folders if Path(folder, name).is_symlink()]
            for name in sorted((*names, *links)):
                file = Path(folder, name)
                if file.suffix != SIGNATURE_ENDING or not file.with_suffix("").is_file():
                    yield _job(file)
        yield from (Job(Path(error.filename)) for error in unread)


def _job(file: Path) -> Job:
    if file.suffix == SIGNATURE_ENDING and file.with_suffix("").is_file():
        return Job(file, file.with_suffix(""))
    beside = file.with_name(f"{file.name}{SIGNATURE_ENDING}")
    return Job(file, beside if beside.is_file() else None)


def check_one(job: Job, trust: Trust, at: datetime) -> FileVerdict:
    """Verify one file. What cannot be read is not valid, and does not stop the others."""
    from lienthong.core.signing import Verdict  # noqa: PLC0415  heavy
    from lienthong.core.signing.verify_file import FileVerdict, verify_bytes  # noqa: PLC0415

    if not job.file.is_file() or job.file.is_symlink():
        text = "Không phải tệp thường hoặc không đọc được: chưa kiểm tra."
        return FileVerdict("unknown", Verdict.UNKNOWN, (text,))
    try:
        companion = read(job.companion) if job.companion else None
        return verify_bytes(read(job.file), trust=trust, at=at, companion=companion)
    except Problem as problem:
        return FileVerdict("unknown", Verdict.UNKNOWN, (problem.sentence,))
    except OSError as error:
        text = f"Không đọc được tệp ({error.strerror})."
        return FileVerdict("unknown", Verdict.UNKNOWN, (text,))


@click.command()
@click.argument("paths", nargs=-1, required=True, type=_PATH, metavar="PATH...")
@click.option(
    "--trust",
    type=_PATH,
    help="Folder or bundle of trusted roots; default LIENTHONG_TRUST, else nearest var/demo/trust.",
)
@click.option(
    "--content",
    "--with",
    "companion",
    type=_FILE,
    help="What belongs to the file: the content of a .p7s or time-stamp, the packet of a receipt, "
    "the certificate of an OCSP answer, or the signature of anything else (default FILE.p7s).",
)
@click.option("--at", help="Judge as of this time (ISO 8601) instead of now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the report of one file to FILE.json or FILE.pdf.",
)
def verify(
    *,
    paths: tuple[Path, ...],
    trust: Path | None,
    companion: Path | None,
    at: str | None,
    as_json: bool,
    report: Path | None,
) -> None:
    """Verify files and folders: PDF, CAdES, packet, XML, receipt, JWS, checkpoint, evidence file,
    time-stamp, certificate, CRL, OCSP answer, trust list. The kind is told by the content.

    Exit 0 only when everything was proved; "not enough to decide" and "not checked" are exit 1 too.
    """
    judged_at = moment(at)
    is_one = len(paths) == 1 and not paths[0].is_dir()
    if not is_one and (companion or report):
        raise click.UsageError("--content and --report go with one file.")
    if report is not None and report.suffix not in {".json", ".pdf"}:
        raise click.UsageError("--report FILE must end in .json or .pdf.")
    roots = load_trust(trust, paths[0])
    if not is_one:
        _many(paths, roots, judged_at, as_json=as_json)
        return
    if paths[0].stat().st_size > SIZE_MAX_BYTES:
        raise FileTooLarge(file=str(paths[0]), limit_mb=SIZE_MAX_BYTES // 1024**2)
    job = Job(paths[0].resolve(), companion) if companion else _job(paths[0].resolve())
    found = check_one(job, roots, judged_at)
    facts = {"file": str(paths[0]), "judged_at": judged_at.isoformat(), **found.to_json()}
    if report is not None:
        _write_report(report, facts)
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else found.text())
    if not found.ok:
        click.get_current_context().exit(1)


def _many(paths: tuple[Path, ...], trust: Trust, at: datetime, *, as_json: bool) -> None:
    """A line for each file, then how many of each verdict; exit 1 unless all are valid."""
    counts: Counter[str] = Counter()
    told: list[dict[str, Any]] = []
    for job in jobs(paths):
        found = check_one(job, trust, at)
        counts[found.verdict.value] += 1
        if as_json:
            told.append({"file": str(job.file), **found.to_json()})
        else:
            why = f"  {found.why}" if found.why else ""
            click.echo(f"{found.verdict.label:24} {found.kind:11} {job.file}{why}")
    is_good = counts.total() > 0 and counts["VALID"] == counts.total()
    summary = {name: counts[name] for name in ("VALID", "UNKNOWN", "INVALID")}
    if as_json:
        facts = {"ok": is_good, "judged_at": at.isoformat(), "summary": summary, "files": told}
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        click.echo(
            f"{counts.total()} tệp: {summary['VALID']} hợp lệ, "
            f"{summary['UNKNOWN']} chưa đủ căn cứ, {summary['INVALID']} không hợp lệ"
        )
    if not is_good:
        click.get_current_context().exit(1)


def _write_report(file: Path, facts: dict[str, Any]) -> None:
    """The report as JSON, or typeset for a person; whole or not at all."""
    from lienthong.run.files import write_whole  # noqa: PLC0415

    if file.suffix == ".json":
        content = json.dumps(facts, ensure_ascii=False, indent=1).encode()
    else:
        from lienthong.apps.documents.verification.report_pdf import render  # noqa: PLC0415  heavy

        content = render(facts)
    write_whole(file, content)
