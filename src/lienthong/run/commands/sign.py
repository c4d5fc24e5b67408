"""`lienthong sign FILE`: PAdES inside a PDF, detached CAdES, signed JSON (JWS), signed XML."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lienthong.core.errors import Problem
from lienthong.run.commands.verify import TrustNotFound, load_trust, read
from lienthong.run.files import write_whole
from lienthong.run.signing_keys import KeyChoice, key_options
from lienthong.run.stamping import timestamp_source

if TYPE_CHECKING:
    from lienthong.core.signing import Box, DigestSigner, Trust
    from lienthong.core.signing.tsp import TimestampSource

DATA_TYPE = "lienthong-data+jws"
_A4_PLACES = {"person": (320.0, 120.0, 540.0, 200.0), "agency": (300.0, 140.0, 380.0, 220.0)}
_ENDINGS = {"pades": ".signed.pdf", "xml": ".signed.xml", "cades": ".p7s", "jws": ".jws"}
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class OutputIsInput(Problem):
    """The signed file would take the place of the unsigned one, which nobody asked for."""

    code = "run.output_is_input"
    status = 409
    text = "Tệp kết quả trùng với tệp gốc {file}; dùng --in-place nếu muốn ghi đè."


class CertificateNotUsable(Problem):
    """The signer's certificate, or one above it, is not good: nothing is signed (SG-S-03)."""

    code = "run.certificate_not_usable"
    status = 409
    text = "Chứng thư số của {name} không dùng để ký được: {reason}"


class ContentNotJson(Problem):
    """The file to sign as JSON is no JSON object."""

    code = "run.content_not_json"
    status = 422
    text = "Tệp {file} không phải một đối tượng JSON ({reason})."


@dataclass(frozen=True, slots=True)
class Wish:
    """What to sign, how, and with what around it."""

    file: Path
    data: bytes
    at: datetime
    signer: DigestSigner
    trust: Trust | None
    source: TimestampSource | None
    level: str
    field: str
    box: Box | None
    image: bytes | None
    reason: str
    location: str


def _box(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Any:
    if value is None:
        return None
    try:
        page, *edges = value.split(",")
        left, bottom, right, top = (float(edge) for edge in edges)
        return int(page), left, bottom, right, top
    except ValueError as error:
        raise click.BadParameter("write PAGE,X1,Y1,X2,Y2 in points; page 1 is the first") from error


@click.command()
@click.argument("file", type=_FILE)
@key_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", *_ENDINGS]),
    default="auto",
    show_default=True,
    help="pades: inside a PDF; cades: FILE.p7s beside it; jws: signed JSON; xml: XAdES inside. "
    "auto: pades for a PDF, else cades.",
)
@click.option("--detached", is_flag=True, help="The same as --format cades.")
@click.option("--as", "who", type=click.Choice(["person", "agency"]), default="person")
@click.option("--field", help="Another signature field than that of the person or the agency.")
@click.option("--box", callback=_box, help="Place of a new field: PAGE,X1,Y1,X2,Y2 in points.")
@click.option("--image", type=_FILE, help="PNG with transparency, shown as the visible mark.")
@click.option(
    "--level",
    type=click.Choice(["B-B", "B-T", "B-LT", "B-LTA"]),
    help="Default B-B, or B-T with --tsa. B-LT and B-LTA: PDF only, with --tsa and --trust.",
)
@click.option("--tsa", help="Address of a time-stamping authority (RFC 3161).")
@click.option(
    "--trust",
    type=click.Path(path_type=Path, exists=True),
    help="Roots to check the certificate with before signing; default as for verify.",
)
@click.option("--reason", default="", help="Why it is signed; shown in the PDF's signature.")
@click.option("--location", default="", help="Where it is signed.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--in-place", is_flag=True, help="Let the signed file take the place of FILE.")
def sign(**options: Any) -> None:
    """Sign FILE with a key from a file, a token or a remote service.

    The certificate is checked before (SG-S-03) and the result after; FILE itself stays as it is,
    and a result is written whole or not at all. A PDF without signature places gets them first.
    """
    choice = KeyChoice.take(options)
    file: Path = options["file"]
    data, at = read(file), datetime.now(UTC)
    form = _form(options, data)
    level = options["level"] or ("B-T" if options["tsa"] else "B-B")
    _check_level(level, form, options["tsa"])
    target = _target(file, form, options["output"], in_place=options["in_place"])
    trust = _trust(options["trust"], file, required=level in {"B-LT", "B-LTA"})
    signer = choice.open({file.name: data})
    _check_signer(signer, trust, at)
    wish = Wish(
        file=file,
        data=data,
        at=at,
        signer=signer,
        trust=trust,
        source=timestamp_source(options["tsa"], trust) if options["tsa"] else None,
        level=level,
        field=options["field"] or ("NguoiKy" if options["who"] == "person" else "CoQuan"),
        box=_place(options["box"]),
        image=options["image"].read_bytes() if options["image"] else None,
        reason=options["reason"],
        location=options["location"],
    )
    write_whole(target, _MAKERS[form](wish))
    click.echo(target)


def _form(options: dict[str, Any], data: bytes) -> str:
    if options["detached"]:
        return "cades"
    form: str = options["form"]
    if form == "auto":
        return "pades" if data.startswith(b"%PDF-") else "cades"
    return form


def _check_level(level: str, form: str, tsa: str | None) -> None:
    if level != "B-B" and not tsa:
        raise click.UsageError(f"--level {level} needs --tsa URL.")
    if level in {"B-LT", "B-LTA"} and form != "pades":
        raise click.UsageError(f"--level {level} is for PDF.")
    if level != "B-B" and form not in {"pades", "cades"}:
        raise click.UsageError(f"--format {form} is made at level B-B.")


def _target(file: Path, form: str, output: Path | None, *, in_place: bool) -> Path:
    """Where the result goes. Raises OutputIsInput."""
    if in_place and output is None:
        return file
    beside = file.name if form in {"cades", "jws"} else file.stem
    target = output or file.with_name(f"{beside}{_ENDINGS[form]}")
    if target.resolve() == file.resolve() and not in_place:
        raise OutputIsInput(file=str(file))
    return target


def _trust(named: Path | None, file: Path, *, required: bool) -> Trust | None:
    """The roots to check with; without any, the person is told that nothing was checked."""
    try:
        return load_trust(named, file)
    except TrustNotFound:
        if required:
            raise
        text = "Không có thư mục tin cậy (--trust): chưa kiểm tra chứng thư trước khi ký."
        click.echo(text, err=True)
        return None


def _check_signer(signer: DigestSigner, trust: Trust | None, at: datetime) -> None:
    """The certificate and those above it hold now, revocation too. Raises CertificateNotUsable."""
    if trust is None:
        return
    from lienthong.core.signing.path import check_path, common_name  # noqa: PLC0415  heavy

    path = check_path(signer.certificate, trust=trust, at=at, others=signer.chain)
    if path.trouble is not None:
        name = common_name(signer.certificate)
        raise CertificateNotUsable(name=name, reason=path.trouble_text)


def _place(found: tuple[int, float, float, float, float] | None) -> Box | None:
    from lienthong.core.signing import Box  # noqa: PLC0415  heavy

    return Box(found[0] - 1, *found[1:]) if found else None


def _pades(wish: Wish) -> bytes:
    from lienthong.core import signing  # noqa: PLC0415  heavy
    from lienthong.core.signing import pdf_longterm  # noqa: PLC0415
    from lienthong.core.signing.evidence_file import collect, signers_of  # noqa: PLC0415

    make = partial(
        signing.sign_pdf,
        field=wish.field,
        signer=wish.signer,
        name=signing.common_name(wish.signer.certificate),
        reason=wish.reason,
        location=wish.location,
        at=wish.at,
        image_png=wish.image,
        timestamp=wish.source,
    )
    try:
        signed = make(wish.data)
    except signing.PdfNotPrepared:
        signed = make(_prepared(wish))
    if wish.level in {"B-LT", "B-LTA"} and wish.trust is not None:
        evidence = collect(
            signers_of(signed), others=wish.signer.chain, trust=wish.trust, at=wish.at
        )
        signed = pdf_longterm.add_validation_data(signed, evidence)
    if wish.level == "B-LTA" and wish.source is not None:
        signed = pdf_longterm.add_document_timestamp(signed, wish.source, at=wish.at)
    _check_made(signed, wish)
    return signed


def _prepared(wish: Wish) -> bytes:
    """The PDF with the place asked for, or with those of person and agency on its last page."""
    from lienthong.core import signing  # noqa: PLC0415  heavy
    from lienthong.core.signing.pdf_prepare import prepare_fields  # noqa: PLC0415

    person, agency = (signing.Box(-1, *_A4_PLACES[name]) for name in ("person", "agency"))
    places = {signing.PERSON_FIELD: person, signing.AGENCY_FIELD: agency}
    if wish.field not in places:
        return prepare_fields(wish.data, {wish.field: wish.box or person})
    return prepare_fields(wish.data, {**places, wish.field: wish.box or places[wish.field]})


def _check_made(signed: bytes, wish: Wish) -> None:
    """The result verifies as anybody would verify it (SG 6.2 step 9). Raises SignatureNotMade."""
    if wish.trust is None:
        return
    from lienthong.core import signing  # noqa: PLC0415  heavy

    report = signing.verify_pdf(signed, trust=wish.trust, at=datetime.now(UTC), second_opinion=True)
    made = report.signature(wish.field)
    if made is None or made.indication is not signing.Indication.PASSED:
        reasons = [one.text for one in made.checks if one.ok is not True] if made else []
        detail = " ".join(reasons or report.findings)[:300].rstrip(".")
        raise signing.SignatureNotMade(detail=detail)


def _cades(wish: Wish) -> bytes:
    from lienthong.core import signing  # noqa: PLC0415  heavy

    return signing.sign_detached(wish.data, signer=wish.signer, at=wish.at, timestamp=wish.source)


def _jws(wish: Wish) -> bytes:
    from lienthong.core import signing  # noqa: PLC0415  heavy
    from lienthong.core.signing.jws import strict_object  # noqa: PLC0415

    try:
        payload = strict_object(wish.data, "tệp")
        token = signing.sign_jws(payload, key=wish.signer, at=wish.at, typ=DATA_TYPE)
    except signing.JWSInvalid as error:
        reason = str(error.facts.get("detail", ""))
        raise ContentNotJson(file=wish.file.name, reason=reason) from error
    except (ValueError, json.JSONDecodeError) as error:
        raise ContentNotJson(file=wish.file.name, reason=str(error)[:120]) from error
    return token.encode()


def _xml(wish: Wish) -> bytes:
    from lienthong.core.signing.xml import sign_xml  # noqa: PLC0415  heavy

    return sign_xml(wish.data, signer=wish.signer, at=wish.at)


_MAKERS: dict[str, Callable[[Wish], bytes]] = {
    "pades": _pades,
    "cades": _cades,
    "jws": _jws,
    "xml": _xml,
}
