"""Evidence as one file: what it proves offline, and everything that makes it prove nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core import edxml, signing, tlog
from lienthong.core.signing import KeySigner, Trust, Verdict, asic, evidence_file, ocsp
from lienthong.core.signing.authority import Profile, Subject
from lienthong.core.signing.canonical import canonical_json
from lienthong.core.signing.evidence_file import Contents, EvidenceReport
from lienthong.core.signing.problems import TimestampNotMade
from lienthong.core.signing.verify_file import verify_bytes
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import (
    AGENCY_CODE,
    NOW,
    PERSON_NAME,
    NationalPKI,
    make_pki,
    test_pki,
)
from lienthong.core.tests.stamp_samples import Desk, NoSource, World

Parts = dict[str, bytes]
Change = Callable[[Parts], None]


def packet_of(document: bytes, code: str = AGENCY_CODE) -> bytes:
    return edxml.encode(
        edxml.DocumentPacket(
            sender=edxml.Organization(code=code, name="Bộ Thử nghiệm"),
            receivers=(edxml.Organization(code="H05", name="Ủy ban nhân dân tỉnh"),),
            document_id=f"{code}.2026.7",
            number="7",
            notation="BTN-VP",
            promulgated_on=date(2026, 11, 21),
            subject="Về việc thử hồ sơ chứng cứ",
            place="Hà Nội",
            attachments=(edxml.Attachment.of("van-ban.pdf", document, content_id="att-1"),),
        )
    )


def receipt_of(packet: bytes, **changes: Any) -> bytes:
    """The axis' receipt of a packet: the third entry of a log of five."""
    payload = {
        "kind": "accepted",
        "packet_id": "p-1",
        "packet_sha256": hashlib.sha256(packet).hexdigest(),
        **changes,
    }
    token = signing.sign_jws(payload, key=test_pki().receipt(), at=NOW)
    leaves = [tlog.leaf_hash(str(number).encode()) for number in range(5)]
    entry = signing.packet_entry(token, "0" * 64)
    leaves[2] = tlog.leaf_hash(entry)
    tiles = tlog.MemoryTiles()
    growth = tlog.append(tiles, 0, leaves)
    tiles.write(growth.changed)
    head = tlog.Checkpoint("truc/exchange-log", growth.size, growth.root)
    proof = [base64.b64encode(node).decode() for node in tlog.inclusion_proof(tiles, 2, 5)]
    log = {
        "index": 2,
        "entry": entry.decode(),
        "size": growth.size,
        "proof": proof,
        "checkpoint": tlog.sign_checkpoint(head, test_pki().log_key, "truc/exchange-log"),
    }
    return json.dumps({"receipt": token, "log": log}).encode()


@cache
def contents() -> Contents:
    document = samples.signed_twice()
    packet = packet_of(document)
    report = signing.verify_pdf(document, trust=test_pki().trust, at=NOW)
    return Contents(
        report={"document": report.to_json(), "packet": None},
        checked_at=NOW,
        document=document,
        packet=packet,
        packet_signature=signing.sign_detached(packet, signer=test_pki().service(), at=NOW),
        receipts=(receipt_of(packet),),
        agency_codes=frozenset({AGENCY_CODE}),
        signer_name=PERSON_NAME,
        list_sequence=12,
        facts={"reference": "7/BTN-VP"},
    )


@cache
def good() -> bytes:
    return evidence_file.build(
        contents(), signer=test_pki().service(), trust=test_pki().trust, at=NOW
    )


def anchors_only() -> Trust:
    """What a stranger has: the roots and the log's key, no list and no authority between."""
    trust = test_pki().trust
    return Trust(trust.anchors, keys=trust.keys)


def look(data: bytes, trust: Trust | None = None) -> EvidenceReport:
    return evidence_file.check(data, trust=trust or anchors_only(), at=NOW)


def resealed(change: Change) -> bytes:
    """The good file with other parts, sealed again by somebody with a good certificate."""
    parts = dict(asic.read(good()).parts)
    change(parts)

    def seal(manifest: bytes) -> bytes:
        return signing.sign_detached(manifest, signer=test_pki().service(), at=NOW)

    return asic.write(parts, sign=seal)


def why(report: EvidenceReport) -> str:
    return " ".join(one.text for one in report.checks if one.ok is not True)


def test_an_evidence_file_verifies_with_nothing_but_the_roots() -> None:
    found = look(good())

    assert found.verdict is Verdict.VALID, why(found)
    assert found.document is not None
    assert [one.verdict for one in found.document.signatures] == [Verdict.VALID] * 2
    assert found.packet is not None
    assert found.packet.verdict is Verdict.VALID
    assert found.seal is not None
    assert found.missing == ("dấu thời gian trên niêm phong",)
    assert found.record["trust"]["list_sequence"] == 12


def test_the_kind_is_told_by_content_and_every_check_is_shown() -> None:
    found = verify_bytes(good(), trust=anchors_only(), at=NOW)

    assert (found.kind, found.ok) == ("evidence", True), found.text()
    assert "Văn bản là tệp nằm trong gói tin." in found.text()
    assert "biên nhận nằm trong nhật ký" in found.text()
    assert json.loads(json.dumps(found.to_json()))["report"]["record"]["facts"]


def test_the_same_contents_give_the_same_parts() -> None:
    again = evidence_file.build(
        contents(), signer=test_pki().service(), trust=test_pki().trust, at=NOW
    )

    assert asic.read(again).manifest == asic.read(good()).manifest


def test_nothing_inside_is_believed_because_it_is_inside() -> None:
    found = look(good(), Trust(make_pki().trust.anchors, keys=test_pki().trust.keys))

    assert found.verdict is Verdict.UNKNOWN
    assert "gốc khác" in why(found)


def test_a_document_alone_is_proved_and_what_is_missing_is_named() -> None:
    report = {"document": contents().report["document"]}
    bare = Contents(report=report, checked_at=NOW, document=contents().document)
    data = evidence_file.build(bare, signer=test_pki().agency(), trust=test_pki().trust, at=NOW)

    found = look(data)

    assert found.verdict is Verdict.VALID, why(found)
    assert found.missing == (
        "dấu thời gian trên niêm phong",
        "gói tin của trục liên thông",
        "biên nhận của trục và bằng chứng nhật ký",
    )


def test_without_the_lists_of_revoked_certificates_it_is_not_valid() -> None:  # R43
    def forget(parts: Parts) -> None:
        for name in [name for name in parts if name.endswith(".crl")]:
            del parts[name]

    found = look(resealed(forget))

    assert found.verdict is Verdict.UNKNOWN
    assert found.document is not None
    assert found.document.verdict is Verdict.UNKNOWN


def test_there_is_no_evidence_file_about_nothing() -> None:
    with pytest.raises(ValueError, match="document or a packet"):
        evidence_file.build(
            Contents(report={}, checked_at=NOW),
            signer=test_pki().service(),
            trust=test_pki().trust,
            at=NOW,
        )


# Parts that are wrong, missing, extra or swapped, though somebody sealed them


def drop(name: str) -> Change:
    def change(parts: Parts) -> None:
        del parts[name]

    return change


def put(name: str, content: bytes) -> Change:
    return lambda parts: parts.update({name: content})


def swap(one: str, other: str) -> Change:
    def change(parts: Parts) -> None:
        parts[one], parts[other] = parts[other], parts[one]

    return change


def record(**changes: Any) -> Change:
    def change(parts: Parts) -> None:
        parts["record.json"] = canonical_json({**json.loads(parts["record.json"]), **changes})

    return change


def rename_a_list(parts: Parts) -> None:
    name = next(name for name in parts if name.endswith(".crl"))
    parts[f"evidence/{'0' * 64}.crl"] = parts.pop(name)


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        (drop("packet.edxml.p7s"), Verdict.UNKNOWN, "Thiếu chữ ký của gói tin"),
        (drop("packet.edxml"), Verdict.INVALID, "không có gói tin"),
        (drop("report.json"), Verdict.INVALID, "thiếu thành phần report.json"),
        (drop("record.json"), Verdict.INVALID, "thiếu thành phần record.json"),
        (put("extra.txt", b"x"), Verdict.INVALID, "thành phần lạ extra.txt"),
        (put("receipts/2.txt", b"x"), Verdict.INVALID, "thành phần lạ"),
        (put("document.pdf", samples.signed_once()), Verdict.INVALID, "không có trong gói tin"),
        (put("receipts/1.json", receipt_of(b"<other/>")), Verdict.INVALID, "gói tin khác"),
        (put("receipts/1.json", b"{}"), Verdict.INVALID, "không phải biên nhận"),
        (put("packet.edxml", b"<edXML/>"), Verdict.INVALID, "không phải gói tin"),
        (put("report.json", b'{"a":1}'), Verdict.INVALID, "của văn bản khác"),
        (put("report.json", b'{"a": 1}'), Verdict.INVALID, "chuẩn tắc"),
        (put("report.json", b'{"a":1,"a":1}'), Verdict.INVALID, "JSON"),
        (put(f"evidence/{'0' * 64}.cer", b"\x30\x00"), Verdict.INVALID, "nội dung khác"),
        (rename_a_list, Verdict.INVALID, "nội dung khác"),
        (swap("document.pdf", "packet.edxml"), Verdict.INVALID, "không phải gói tin"),
        (record(version=2), Verdict.INVALID, "record.json"),
        (record(checked_at="yesterday"), Verdict.INVALID, "record.json"),
        (record(checked_at="2036-01-01T00:00:00+00:00"), Verdict.INVALID, "tương lai"),
        (record(sha256="00" * 32), Verdict.INVALID, "của văn bản khác"),
        (record(trust={"anchors": ["00" * 32]}), Verdict.UNKNOWN, "gốc khác"),
        (record(trust=["anchors"]), Verdict.INVALID, "record.json"),
        (record(agency_codes=["H99"]), Verdict.INVALID, "không phải cơ quan ban hành"),
    ],
)
def test_a_part_that_does_not_belong_spoils_the_file(
    change: Change, verdict: Verdict, reason: str
) -> None:
    found = look(resealed(change))

    assert found.verdict is verdict
    assert reason in why(found)


def test_an_unreadable_piece_of_evidence_is_refused() -> None:
    junk = b"\x30\x03\x02\x01\x00"
    for kind in ("cer", "crl"):
        name = f"evidence/{hashlib.sha256(junk).hexdigest()}.{kind}"

        found = look(resealed(put(name, junk)))

        assert found.verdict is Verdict.INVALID
        assert "không đọc được" in why(found)


def test_a_packet_signed_by_another_agency_is_shown_as_such() -> None:
    other = signing.sign_detached(b"<other/>", signer=test_pki().service("H05"), at=NOW)

    found = look(resealed(put("packet.edxml.p7s", other)))

    assert found.verdict is Verdict.INVALID
    assert found.packet is not None
    assert found.packet.sub_indication == "HASH_FAILURE"


def test_a_seal_by_a_key_for_something_else_is_not_valid() -> None:  # R38
    data = evidence_file.build(contents(), signer=test_pki().node(), trust=test_pki().trust, at=NOW)

    found = look(data)

    assert found.verdict is Verdict.UNKNOWN
    assert found.seal is not None
    assert found.seal.sub_indication == "CHAIN_CONSTRAINTS_FAILURE"


def test_a_seal_over_another_manifest_is_not_valid() -> None:
    parts = dict(asic.read(good()).parts)
    other = signing.sign_detached(b"other", signer=test_pki().service(), at=NOW)

    found = look(asic.write(parts, sign=lambda _: other))

    assert found.verdict is Verdict.INVALID
    assert found.seal is not None
    assert found.seal.sub_indication == "HASH_FAILURE"


def test_a_receipt_without_its_packet_proves_nothing_about_the_document() -> None:
    def change(parts: Parts) -> None:
        del parts["packet.edxml"], parts["packet.edxml.p7s"]

    found = look(resealed(change))

    assert found.verdict is Verdict.UNKNOWN
    assert "không có trong hồ sơ" in why(found)


def test_a_log_nobody_here_knows_leaves_the_receipt_undecided() -> None:
    trust = Trust(test_pki().trust.anchors)

    found = look(good(), trust)

    assert found.verdict is Verdict.UNKNOWN
    assert "khóa công khai của nhật ký" in why(found)


def test_the_verdict_of_then_does_not_make_a_verdict_of_now() -> None:
    changed = bytearray(contents().document or b"")
    changed[200] ^= 1
    document = bytes(changed)
    packet = packet_of(document)
    told = {**contents().report["document"], "sha256": hashlib.sha256(document).hexdigest()}
    lying = Contents(
        report={"document": told},
        checked_at=NOW,
        document=document,
        packet=packet,
        packet_signature=signing.sign_detached(packet, signer=test_pki().service(), at=NOW),
        receipts=(receipt_of(packet),),
    )

    found = look(
        evidence_file.build(lying, signer=test_pki().service(), trust=test_pki().trust, at=NOW)
    )

    assert found.verdict is not Verdict.VALID
    assert found.document is not None
    assert found.document.verdict is not Verdict.VALID


# The container


@given(st.integers(0, 2**31), st.integers(1, 255))
def test_any_changed_byte_is_noticed(place: int, flip: int) -> None:
    data = bytearray(good())
    data[place % len(data)] ^= flip

    assert look(bytes(data)).verdict is not Verdict.VALID


@pytest.mark.parametrize("cut", [0, 1, 4, 30, 60, 5000, -1, -22, -60])
def test_a_file_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(signing.ContainerInvalid):
        asic.read(good()[:cut])


@pytest.mark.parametrize("other", [b"", b"x", b"\n", b"%PDF-1.7\n"])
def test_bytes_before_or_after_the_container_are_refused(other: bytes) -> None:
    for data in (good() + b"x" + other, b"x" + other + good()):
        with pytest.raises(signing.ContainerInvalid):
            asic.read(data)


def rezipped(
    change: Callable[[zipfile.ZipFile], None], *, skip: str = "", deflate: bool = False
) -> bytes:
    """The good file written by an ordinary ZIP program, with something done to it."""
    out = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(io.BytesIO(good())) as old, zipfile.ZipFile(out, "w", how) as new:
        for entry in old.infolist():
            if entry.filename != skip:
                new.writestr(zipfile.ZipInfo(entry.filename), old.read(entry), how)
        change(new)
    return out.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        lambda new: new.writestr("../../etc/passwd", b"x"),
        lambda new: new.writestr("/absolute", b"x"),
        lambda new: new.writestr("Document.pdf", b"x"),
        lambda new: new.writestr("a/b/c/d/e.pdf", b"x"),
        lambda new: new.writestr("META-INF/ASiCManifest2.xml", b"x"),
        lambda new: setattr(new, "comment", b"hidden"),
        lambda _: None,
    ],
)
def test_what_another_zip_program_writes_is_refused(
    change: Callable[[zipfile.ZipFile], None],
) -> None:
    with pytest.raises(signing.ContainerInvalid):
        asic.read(rezipped(change))


def test_a_zip_bomb_costs_nothing_because_nothing_is_unpacked() -> None:
    data = rezipped(lambda new: new.writestr("bomb.json", b"\0" * 50_000_000), deflate=True)

    assert len(data) < len(good()) + 200_000
    with pytest.raises(signing.ContainerInvalid):
        asic.read(data)


def test_two_parts_of_one_name_are_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"), pytest.raises(signing.ContainerInvalid):
        asic.read(rezipped(lambda new: new.writestr("document.pdf", b"other")))


@pytest.mark.parametrize("skip", ["mimetype", asic.MANIFEST, asic.SIGNATURE, "document.pdf"])
def test_a_missing_entry_is_refused(skip: str) -> None:
    entries = {
        asic.MIMETYPE: asic.MEDIA_TYPE,
        **asic.read(good()).parts,
        asic.MANIFEST: asic.read(good()).manifest,
        asic.SIGNATURE: asic.read(good()).signature,
    }
    del entries[skip]

    with pytest.raises(signing.ContainerInvalid):
        asic.read(raw_zip(entries))


def raw_zip(entries: Parts) -> bytes:
    """Entries in the container's own shape, whatever they are."""
    from lienthong.core.signing.asic import _zip  # noqa: PLC0415  the shape under test

    return _zip(entries)


@pytest.mark.parametrize(
    "name", ["../x", "/x", "X.pdf", "x.pdf\0.exe", "a/b/c/d", "x\\y", "META-INF/x.xml", "x ", "x."]
)
def test_a_tricky_name_is_refused_also_in_the_containers_own_shape(name: str) -> None:
    found = asic.read(good())
    parts = {**found.parts, name: b"x"}
    data = raw_zip(
        {
            asic.MIMETYPE: asic.MEDIA_TYPE,
            **parts,
            asic.MANIFEST: asic.manifest(parts),
            asic.SIGNATURE: found.signature,
        }
    )

    with pytest.raises(signing.ContainerInvalid) as refused:
        asic.read(data)

    assert "không được phép" in str(refused.value.facts["detail"])


def with_manifest(change: Callable[[bytes], bytes]) -> bytes:
    found = asic.read(good())
    return raw_zip(
        {
            asic.MIMETYPE: asic.MEDIA_TYPE,
            **found.parts,
            asic.MANIFEST: change(found.manifest),
            asic.SIGNATURE: found.signature,
        }
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace(b"document.pdf", b"dokument.pdf"), "không có trong bảng kê"),
        (lambda text: text.replace(b"</asic:ASiCM", b"<!-- --></asic:ASiCM"), "dạng chuẩn"),
        (lambda text: b"<!DOCTYPE a>" + text, "dạng chuẩn"),
        (lambda text: text.replace(b"xmlenc#sha256", b"xmldsig#sha1"), "dạng chuẩn"),
        (lambda _: b"", "không có trong bảng kê"),
        (lambda _: b"\xff\xfe", "không có trong bảng kê"),
    ],
)
def test_a_manifest_in_another_form_is_refused(
    change: Callable[[bytes], bytes], reason: str
) -> None:
    with pytest.raises(signing.ContainerInvalid) as refused:
        asic.read(with_manifest(change))

    assert reason in str(refused.value.facts["detail"])


def test_a_part_named_in_the_manifest_but_not_there_is_told() -> None:
    found = asic.read(good())
    parts = {name: content for name, content in found.parts.items() if name != "packet.edxml"}
    data = raw_zip(
        {
            asic.MIMETYPE: asic.MEDIA_TYPE,
            **parts,
            asic.MANIFEST: found.manifest,
            asic.SIGNATURE: found.signature,
        }
    )

    with pytest.raises(signing.ContainerInvalid) as refused:
        asic.read(data)

    assert "packet.edxml" in str(refused.value.facts["detail"])


def test_too_many_parts_are_refused_before_they_are_read() -> None:
    entries = {f"a{number}": b"" for number in range(asic.PARTS_MAX + 1)}

    with pytest.raises(signing.ContainerInvalid):
        asic.read(raw_zip({asic.MIMETYPE: asic.MEDIA_TYPE, **entries}))


def test_a_size_that_lies_is_refused() -> None:
    data = bytearray(good())
    struct.pack_into("<II", data, 18, 2**32 - 1, 2**32 - 1)

    with pytest.raises(signing.ContainerInvalid):
        asic.read(bytes(data))


@pytest.mark.parametrize("name", ["", "A", "../a", "/a", "a//b", "a/", "mimetype", "é", "a" * 121])
def test_a_part_with_a_tricky_name_is_not_written(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        asic.write({name: b""}, sign=lambda _: b"")


@given(st.dictionaries(st.from_regex(r"[a-z0-9]{1,9}(\.[a-z]{3})?", fullmatch=True), st.binary()))
def test_what_is_written_is_read_back(parts: Parts) -> None:
    parts.pop("mimetype", None)

    data = asic.write(parts, sign=lambda manifest: hashlib.sha256(manifest).digest())
    found = asic.read(data)

    assert found.parts == parts
    assert found.signature == hashlib.sha256(found.manifest).digest()


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    assert look(asic.START + junk).verdict is Verdict.INVALID


def test_an_ordinary_zip_program_opens_it() -> None:
    with zipfile.ZipFile(io.BytesIO(good())) as opened:
        assert opened.testzip() is None
        assert opened.read("document.pdf") == contents().document
        assert opened.infolist()[0].filename == "mimetype"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_the_seal_over_the_manifest(tmp_path: Path) -> None:
    found = asic.read(good())
    (tmp_path / "manifest.xml").write_bytes(found.manifest)
    (tmp_path / "seal.p7s").write_bytes(found.signature)
    roots = b"".join(one.public_bytes(Encoding.PEM) for one in test_pki().trust.anchors)
    (tmp_path / "roots.pem").write_bytes(roots)
    at = str(int((NOW + timedelta(minutes=1)).timestamp()))

    done = subprocess.run(
        [
            "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER",
            "-in", "seal.p7s", "-content", "manifest.xml", "-CAfile", "roots.pem",
            "-purpose", "any", "-attime", at, "-out", "/dev/null",
        ],
        cwd=tmp_path, capture_output=True, check=False, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr


def test_the_time_a_signer_claims_is_read_and_told() -> None:
    found = verify_bytes(samples.signed_twice(), trust=test_pki().trust, at=NOW)

    assert "Thời điểm ký do người ký khai: 21/11/2026 09:30:00" in found.text()


# Long after


def short_lived(pki: NationalPKI) -> tuple[Contents, KeySigner]:
    """A document and packet whose signers' certificates end after thirty days."""
    month = timedelta(days=30)
    person = pki.issue(
        pki.people, Profile.PERSON, Subject("Người ký", organization_code="G09"), lifetime=month
    )
    service = pki.issue(
        pki.services, Profile.SERVICE, Subject("dich-vu", organization_code="G09"), lifetime=month
    )
    document = samples.sign_person(samples.prepared(), person)
    packet = packet_of(document)
    report = signing.verify_pdf(document, trust=pki.trust_at(NOW), at=NOW)
    contents = Contents(
        report={"document": report.to_json()},
        checked_at=NOW,
        document=document,
        packet=packet,
        packet_signature=signing.sign_detached(packet, signer=service, at=NOW),
    )
    return contents, service


def test_a_time_stamped_seal_proves_what_was_signed_before_the_certificates_ended() -> None:  # A7
    pki = make_pki()
    found, service = short_lived(pki)
    desk = Desk(pki)
    trust = pki.trust_at(NOW)
    stamped = evidence_file.build(found, signer=service, trust=trust, at=NOW, timestamp=desk.source)
    plain = evidence_file.build(found, signer=service, trust=trust, at=NOW)
    late = NOW + timedelta(days=2 * 365)
    now = pki.trust_at(late)

    good = evidence_file.check(stamped, trust=now, at=late)
    without = evidence_file.check(plain, trust=now, at=late)

    assert good.verdict is Verdict.VALID, (why(good), good.document, good.packet)
    assert "theo dấu thời gian" in " ".join(one.text for one in good.checks)
    assert without.verdict is Verdict.UNKNOWN  # R35: nothing proves that it was signed in time


def test_a_renewed_file_outlives_the_authority_of_its_first_time_stamp() -> None:
    pki = make_pki()
    found, service = short_lived(pki)
    desk = Desk(pki)
    first = evidence_file.build(
        found, signer=service, trust=pki.trust_at(NOW), at=NOW, timestamp=desk.source
    )
    moment = NOW + timedelta(days=4 * 365)  # the first authority's certificate ends a year later
    fresh = pki.issue(pki.government, Profile.TSA, Subject("Dấu thời gian mới"), at=moment)
    later = pki.issue(pki.services, Profile.SERVICE, Subject("dich-vu-moi"), at=moment)
    desk = Desk(pki, moment, fresh)
    second = evidence_file.renew(
        first, signer=later, trust=pki.trust_at(moment), at=moment, timestamp=desk.source
    )
    late = NOW + timedelta(days=7 * 365)

    renewed = evidence_file.check(second, trust=pki.trust_at(late), at=late)
    not_renewed = evidence_file.check(first, trust=pki.trust_at(late), at=late)

    assert renewed.verdict is Verdict.VALID, (why(renewed), renewed.seal, renewed.document)
    assert renewed.document is not None
    assert not_renewed.verdict is Verdict.UNKNOWN


def test_a_renewal_of_another_file_or_without_a_time_stamp_proves_nothing_more() -> None:
    pki = make_pki()
    found, service = short_lived(pki)
    desk = Desk(pki)
    trust = pki.trust_at(NOW)
    first = evidence_file.build(found, signer=service, trust=trust, at=NOW, timestamp=desk.source)
    second = evidence_file.renew(first, signer=service, trust=trust, at=NOW, timestamp=desk.source)
    parts = dict(asic.read(second).parts)

    def sealed(changes: Parts, *, stamp: bool = True) -> EvidenceReport:
        def seal(manifest: bytes) -> bytes:
            source = desk.source if stamp else None
            return signing.sign_detached(manifest, signer=service, at=NOW, timestamp=source)

        data = asic.write(parts | changes, sign=seal)
        return evidence_file.check(data, trust=trust, at=NOW)

    assert sealed({}).verdict is Verdict.VALID
    assert sealed({}, stamp=False).verdict is Verdict.UNKNOWN
    assert sealed({"previous.asice": good()}).verdict is Verdict.INVALID
    assert sealed({"previous.asice": first[:-1]}).verdict is Verdict.INVALID
    assert sealed({"document.pdf": samples.signed_once()}).verdict is Verdict.INVALID


def test_a_file_renewed_without_end_is_refused() -> None:
    pki = test_pki()
    desk = Desk(pki)
    data = good()
    for _ in range(evidence_file.RENEWALS_MAX + 1):
        data = evidence_file.renew(
            data, signer=pki.service(), trust=pki.trust, at=NOW, timestamp=desk.source
        )

    found = evidence_file.check(data, trust=pki.trust, at=NOW)

    assert found.verdict is Verdict.INVALID
    assert "gia hạn" in why(found)


def test_a_status_answer_that_decided_travels_in_the_file() -> None:
    pki = make_pki()
    signer = pki.person()
    world = World(pki, NOW)
    world.knows(signer)
    issuer = pki.people.certificate
    answer = world.responder.answer(ocsp.build_request(signer.certificate, issuer), NOW)
    trust = pki.trust_at(NOW).with_ocsps([answer])
    others = tuple(one for one in trust.crls if one.issuer != issuer.subject)
    without_list = replace(trust, crls=others)
    document = samples.sign_person(samples.prepared(), signer)
    report = signing.verify_pdf(document, trust=without_list, at=NOW)
    found = Contents(report={"document": report.to_json()}, checked_at=NOW, document=document)

    data = evidence_file.build(found, signer=pki.service(), trust=without_list, at=NOW)
    checked = evidence_file.check(data, trust=Trust(trust.anchors), at=NOW)

    assert any(name.endswith(".ors") for name in asic.read(data).parts)
    assert checked.verdict is Verdict.VALID, (why(checked), checked.document)


def test_without_a_time_stamp_the_file_is_made_or_not_as_asked() -> None:
    def made(*, required: bool) -> bytes:
        return evidence_file.build(
            contents(),
            signer=test_pki().service(),
            trust=test_pki().trust,
            at=NOW,
            timestamp=NoSource(),
            timestamp_required=required,
        )

    found = look(made(required=False))

    assert found.verdict is Verdict.VALID
    assert found.missing == ("dấu thời gian trên niêm phong",)
    with pytest.raises(TimestampNotMade):
        made(required=True)
