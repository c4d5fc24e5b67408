"""What holds for every packet: what was written is what is read."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.core import edxml
from lienthong.core.edxml import (
    VIETNAM,
    Attachment,
    Business,
    BusinessKind,
    DocumentPacket,
    Limits,
    Organization,
    Profile,
    ReceiverChange,
    Replacement,
    ResponseFor,
    Signer,
    Staff,
    StatusCode,
    StatusPacket,
    TraceEntry,
    Update,
    Urgency,
    decoder,
    document_types,
    lift,
)
from lienthong.core.edxml.model import normal
from lienthong.core.tests.edxml_samples import NEW, PDF, PLAIN

VIETNAMESE = (
    "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ"
    " ABCĐÔ&<>\"'0123456789-/."
)


def texts(most: int = 30, least: int = 0) -> st.SearchStrategy[str]:
    """Vietnamese in composed or decomposed letters, and any other text now and then."""
    words = st.text(VIETNAMESE, max_size=most)
    others = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=most)
    prefix = "V" if least else ""
    forms: st.SearchStrategy[Literal["NFC", "NFD"]] = st.sampled_from(("NFC", "NFD"))

    def formed(one: tuple[Literal["NFC", "NFD"], str]) -> str:
        # A mark of secrecy is a reason to refuse the packet, not to read it back.
        plain = re.sub("mật", "m", unicodedata.normalize("NFC", one[1]), flags=re.IGNORECASE)
        return unicodedata.normalize(one[0], prefix + plain)

    return st.tuples(forms, words | words | others).map(formed)


codes = st.from_regex(r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}", fullmatch=True) | (
    st.from_regex(r"[A-Z][0-9]{2}(\.[0-9]{2}){0,3}", fullmatch=True)
)
days = st.dates(date(1945, 9, 2), date(2100, 1, 1))
START = datetime(1976, 1, 1, tzinfo=VIETNAM)
moments = st.integers(0, 3_900_000_000).map(lambda seconds: START + timedelta(seconds=seconds))
names = st.text(VIETNAMESE.replace("/", "").replace('"', ""), min_size=1, max_size=30).map(
    lambda one: normal(one) or "tệp"
)
organizations = st.builds(
    Organization, code=codes, name=texts(30, 1), in_charge=texts(), address=texts(), email=texts()
)
staffs = st.builds(Staff, department=texts(), staff=texts(20, 1), mobile=texts(), email=texts())
responses = st.builds(
    ResponseFor,
    code=codes,
    reference=texts(20, 1),
    promulgated_on=st.none() | days,
    document_id=texts(30, 1),
)
files = st.one_of(
    st.tuples(names.map(lambda one: one + ".pdf"), st.binary(max_size=300).map(lambda b: PDF + b)),
    st.tuples(names.map(lambda one: one + ".txt"), texts(200, 1).map(str.encode)),
    st.tuples(names.map(lambda one: one + ".jpg"), st.binary().map(lambda b: b"\xff\xd8\xff" + b)),
)


@st.composite
def packets(draw: st.DrawFn) -> DocumentPacket:
    sender, *receivers = draw(
        st.lists(organizations, min_size=2, max_size=5, unique_by=lambda one: one.code)
    )
    number = str(draw(st.integers(1, 99999)))
    notation = draw(st.from_regex(r"[A-ZĐ]{2,6}-[A-Z]{2,6}", fullmatch=True))
    issued = draw(days)
    document_id = f"{sender.code},{issued:%Y/%m/%d},{number}/{notation}"
    kind = draw(st.sampled_from(document_types()))
    attached = draw(st.lists(files, min_size=1, max_size=3))
    starts = draw(st.lists(moments, min_size=0, max_size=2).map(sorted))
    return DocumentPacket(
        sender=sender,
        receivers=tuple(receivers),
        document_id=document_id,
        number=number,
        notation=notation,
        promulgated_on=issued,
        place=draw(texts()),
        type_group=kind.group,
        type_detail=kind.code,
        type_name=kind.name,
        subject=draw(texts(100, 1)),
        content=draw(texts(100)),
        signer=draw(
            st.builds(Signer, competence=texts(), position=texts(20, 1), full_name=texts(20, 1))
        ),
        due_on=draw(st.none() | st.integers(0, 99).map(lambda n: issued + timedelta(days=n))),
        to_places=tuple(draw(st.lists(texts(20, 1), max_size=3))),
        urgency=draw(st.sampled_from(Urgency)),
        page_amount=draw(st.integers(0, 99)),
        direction=draw(st.none() | st.booleans()),
        appendixes=tuple(draw(st.lists(texts(20, 1), max_size=2))),
        responses=tuple(draw(st.lists(responses, max_size=2))),
        steering=draw(st.integers(1, 3)),
        task_codes=tuple(draw(st.lists(texts(10, 1), max_size=2))),
        trace=(
            TraceEntry(sender.code, starts[0] if starts else START),
            *(TraceEntry(draw(codes), at) for at in starts),
        ),
        business=draw(businesses(document_id)),
        attachments=tuple(
            Attachment.of(name, data, content_id=f"att-{position}", description=draw(texts()))
            for position, (name, data) in enumerate(attached, 1)
        ),
    )


def businesses(document_id: str) -> st.SearchStrategy[Business]:
    changes = st.lists(
        st.builds(ReceiverChange, codes, added=st.booleans()), min_size=1, max_size=3
    )
    updates = st.builds(
        Update,
        content_changes=st.booleans(),
        receivers_change=st.just(value=True),
        receivers=changes.map(tuple),
    )
    replaced = st.builds(
        Replacement,
        document_id=texts(20, 1),
        codes=st.lists(codes, min_size=1, max_size=3).map(tuple),
    )
    new = st.builds(Business, reason=texts(), paper=st.integers(0, 1), staff=st.none() | staffs)
    recall = st.builds(
        Business,
        kind=st.just(BusinessKind.RECALL),
        reason=texts(20, 1),
        document_id=st.just(document_id),
        staff=staffs,
    )
    update = st.builds(
        Business,
        kind=st.just(BusinessKind.UPDATE),
        reason=texts(20, 1),
        document_id=texts(20, 1),
        staff=staffs,
        update=updates,
    )
    replacement = st.builds(
        Business,
        kind=st.just(BusinessKind.REPLACEMENT),
        reason=texts(20, 1),
        staff=staffs,
        replacements=st.lists(replaced, min_size=1, max_size=2).map(tuple),
    )
    return st.one_of(new, recall, update, replacement)


statuses = st.builds(
    StatusPacket,
    sender=organizations,
    response_for=responses,
    status=st.sampled_from([one for one in StatusCode if one is not StatusCode.UNKNOWN]),
    at=moments,
    description=texts(40, 1),
    staff=st.none() | staffs,
)


def composed(value: object) -> object:
    """The packet with every text as it must come back: NFC and trimmed."""
    if isinstance(value, StatusCode | bytes):
        return value
    if isinstance(value, str):
        return normal(value)
    if isinstance(value, tuple):
        return tuple(composed(one) for one in value)
    if hasattr(value, "__dataclass_fields__"):
        changes = {name: composed(getattr(value, name)) for name in value.__dataclass_fields__}
        return replace(value, **changes)  # type: ignore[type-var]
    return value


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(packets())
def test_a_document_packet_is_read_as_it_was_written(packet: DocumentPacket) -> None:
    assert edxml.decode(edxml.encode(packet)) == composed(packet)


@settings(max_examples=50, deadline=None)
@given(statuses)
def test_a_status_packet_is_read_as_it_was_written(packet: StatusPacket) -> None:
    assert edxml.decode(edxml.encode(packet)) == composed(packet)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_answered_with_findings(raw: bytes) -> None:
    assert edxml.read(raw).refused


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(NEW) - 1), st.binary(max_size=8), st.sampled_from(Profile))
def test_a_file_is_judged_as_its_bytes_are(position: int, noise: bytes, profile: Profile) -> None:
    raw = NEW[:position] + noise + NEW[position + len(noise) + 1 :]
    expected = edxml.read(raw, profile=profile)

    with tempfile.NamedTemporaryFile(suffix=".edxml") as file:
        file.write(raw)
        file.flush()
        reading = edxml.read_file(Path(file.name), profile=profile)

    if expected.wire_code != reading.wire_code:  # a long text that is no base64 is not parsed
        assert reading.refused
        assert "base64" in reading.findings[-1].text or "base64" in reading.findings[0].text
    else:
        assert told(reading.findings) == told(expected.findings)


def told(findings: tuple[edxml.Finding, ...]) -> list[tuple[str, str]]:
    """Without the words: lines and bytes are counted in the markup when payloads are out of it."""
    return [(one.rule, one.severity) for one in findings]


def test_a_packet_cut_anywhere_is_refused() -> None:
    for end in range(0, len(NEW) - 10, 23):
        reading = edxml.read(NEW[:end])

        assert reading.packet is None
        assert [one.rule for one in reading.findings] == ["V-06"]


MARKUP = ("<", ">", "</edXML:ContentTransferEncoded>", "<edXML:ContentTransferEncoded>", "<!--",
          "-->", "<![CDATA[", "]]>", "<?x ", "?>", "&#xE000;0&#xE000;", "\ue0000\ue000",
          "QUJD" * 80, "&amp;", "=", " ", "\r\n", '"', "<a>", "</a>", "x")  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(MARKUP), max_size=8).map("".join), st.integers(0, len(PLAIN)))
def test_lifting_payloads_never_changes_what_is_read(noise: str, position: int) -> None:
    raw = PLAIN[:position] + noise.encode() + PLAIN[position:]
    asked = decoder.Asked(Profile.COMPAT, Limits())
    plain, files = decoder.judge(lift.Lifted(raw, "", (), ()), asked, "", len(raw))

    lifted, same = decoder.judge(lift.lift(raw, Limits()), asked, "", len(raw))

    assert (lifted.packet, lifted.facts) == (plain.packet, plain.facts)
    assert told(lifted.findings) == told(plain.findings)
    assert [one.contents for one in same] == [one.contents for one in files]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(NEW) - 1), st.binary(max_size=4), st.sampled_from(Profile))
def test_a_damaged_packet_is_answered_with_findings_or_read(
    position: int, noise: bytes, profile: Profile
) -> None:
    raw = NEW[:position] + noise + NEW[position + len(noise) + 1 :]

    reading = edxml.read(raw, profile=profile)

    assert reading.packet is not None or any(one.refuses for one in reading.findings)
