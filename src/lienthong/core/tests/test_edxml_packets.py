"""Reading and writing whole packets. Packet format §§1–6, 10."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from lienthong.core import edxml
from lienthong.core.edxml import (
    Attachment,
    BusinessKind,
    DocumentPacket,
    PacketInvalid,
    Profile,
    SignatureState,
    StatusCode,
    StatusPacket,
    TextNotEncodable,
    Urgency,
)
from lienthong.core.edxml.shape import NS
from lienthong.core.tests.edxml_samples import (
    NEW,
    PDF,
    PLAIN,
    RECALL,
    STATUS,
    changed,
    compat,
    context,
    severities,
    strict,
    with_text,
    without,
)


def document(raw: bytes = NEW) -> DocumentPacket:
    packet = edxml.decode(raw)
    assert isinstance(packet, DocumentPacket)
    return packet


def test_the_worked_example_is_the_published_file() -> None:
    assert len(NEW) == 7591
    assert hashlib.sha256(NEW).hexdigest() == (
        "6d38d7f2327922418c45e3a17cb10bb56dfa480c8cab2853e3000184e83f3b56"
    )


def test_the_worked_example_is_accepted_in_strict() -> None:
    reading = strict(NEW, context())

    assert reading.findings == ()
    assert reading.facts.signature.state is SignatureState.VALID_UNTRUSTED
    packet = reading.packet
    assert isinstance(packet, DocumentPacket)
    assert packet.reference == "125/BTN-CNTT"
    assert packet.urgency is Urgency.URGENT
    assert [one.code for one in packet.receivers] == ["000.00.00.H99", "000.00.08.H99"]
    assert packet.due_on == date(2025, 3, 17)
    assert packet.business.kind is BusinessKind.NEW
    assert packet.trace[0].at == datetime(2025, 3, 3, 3, 15, tzinfo=UTC)
    assert packet.business.staff is not None
    assert packet.business.staff.staff == "Trần Thị Ví Dụ"


def test_the_facts_hold_the_digest_of_each_attachment() -> None:
    facts = strict(NEW).facts

    assert facts.sha256 == hashlib.sha256(NEW).hexdigest()
    assert [(one.size, one.sha256) for one in facts.attachments] == [
        (554, "76fb9eb76eb52c3fcc0bee8f95900513c268918184152a2dcfcb803c4c8ec147")
    ]
    assert facts.attachments[0].container


def test_an_unsigned_main_document_is_refused_as_business_in_strict_only() -> None:
    known = context(officially_signed=False)

    assert severities(strict(NEW, known)) == {"V-46": "B"}
    assert severities(compat(NEW, known)) == {"V-46": "W"}


def test_the_status_example_is_accepted() -> None:
    packet = edxml.decode(STATUS)

    assert isinstance(packet, StatusPacket)
    assert packet.status is StatusCode.ACCEPTED
    assert packet.response_for.code == "000.00.00.G99"
    assert packet.at == datetime(2025, 3, 3, 3, 42, 10, tzinfo=UTC)


def test_the_recall_example_is_accepted() -> None:
    packet = document(RECALL)

    assert packet.business.kind is BusinessKind.RECALL
    assert packet.target_id == "000.00.00.G99,2025/03/03,125/BTN-CNTT"


@pytest.mark.parametrize("raw", [NEW, STATUS, RECALL], ids=["new", "status", "recall"])
def test_an_example_survives_writing_and_reading(raw: bytes) -> None:
    packet = edxml.decode(raw)

    assert edxml.decode(edxml.encode(packet)) == packet


def test_the_same_packet_gives_the_same_bytes() -> None:
    packet = document()

    assert edxml.encode(packet) == edxml.encode(document())


def test_what_we_write_stands_in_the_order_of_the_standard() -> None:
    raw = edxml.encode(document()).decode()

    order = [
        "From", "To", "Code", "PromulgationInfo", "DocumentType", "Subject", "Content",
        "SignerInfo", "DueDate", "ToPlaces", "OtherInfo", "SteeringType", "DocumentId",
        "TraceHeaderList", "TraceHeader", "Bussiness", "edXMLBody",
    ]  # fmt: skip
    assert [raw.index(f"<edXML:{name}>") for name in order] == sorted(
        raw.index(f"<edXML:{name}>") for name in order
    )
    assert "<!DOCTYPE" not in raw


def all_in_the_default_namespace() -> bytes:
    raw = PLAIN.replace(b"edXML:edXML", b"edXML").replace(b"edXML:", b"")
    return raw.replace(f' xmlns:edXML="{NS}"'.encode(), b"")


def root_without_namespace() -> bytes:
    return PLAIN.replace(f'<edXML xmlns="{NS}">'.encode(), b"<edXML>", 1)


@pytest.mark.parametrize(
    "raw",
    [PLAIN, all_in_the_default_namespace(), root_without_namespace()],
    ids=["as published", "default namespace only", "root without namespace"],
)
@pytest.mark.parametrize("profile", list(Profile))
def test_the_prefix_style_does_not_matter(raw: bytes, profile: Profile) -> None:
    assert edxml.decode(raw, profile=profile) == document(PLAIN)


def test_the_order_of_children_does_not_matter() -> None:
    header = re.search(rb"<edXML:MessageHeader>(.*)</edXML:MessageHeader>", PLAIN, re.DOTALL)
    assert header is not None
    parts = re.findall(rb"\n        (<edXML:(\w+)>.*?</edXML:\2>)", header[1], re.DOTALL)
    receivers = [part for part, name in parts if name == b"To"]
    others = [part for part, name in reversed(parts) if name != b"To"]
    raw = PLAIN.replace(header[1], b"\n".join(others + receivers))

    assert edxml.decode(raw) == document(PLAIN)


@pytest.mark.parametrize("count", [1, 2], ids=["in the attachment", "everywhere"])
def test_cid_may_be_left_out(count: int) -> None:
    raw = PLAIN.replace(b"<ContentId>cid:", b"<ContentId>")
    if count == 2:
        raw = raw.replace(b"cid:", b"")

    assert edxml.decode(raw) == document(PLAIN)


def test_base64_may_be_wrapped_into_lines() -> None:
    text = re.search(rb"ContentTransferEncoded[^>]*>([^<]+)<", PLAIN)
    assert text is not None
    lines = b"\r\n".join(text[1][i : i + 76] for i in range(0, len(text[1]), 76))

    assert edxml.decode(PLAIN.replace(text[1], b"\r\n" + lines + b"\r\n")) == document(PLAIN)


@pytest.mark.parametrize("tail", [b"\r\n", b"\n\n", b" "])
def test_white_space_after_the_packet_does_no_harm(tail: bytes) -> None:
    assert edxml.decode(PLAIN + tail) == document(PLAIN)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert edxml.decode(b"\xef\xbb\xbf" + PLAIN) == document(PLAIN)


def test_business_spelt_correctly_is_read() -> None:
    raw = PLAIN.replace(b"edXML:Bussiness", b"edXML:Business")

    assert edxml.decode(raw) == document(PLAIN)


def test_texts_are_kept_composed() -> None:
    raw = with_text("Subject", "V/v Tie\u0302\u0301ng Vie\u0323\u0302t")

    assert document(raw).subject == "V/v Tiếng Việt"


def test_a_comment_inside_a_text_hides_nothing() -> None:
    raw = with_text("Subject", "V/v góp ý <!-- không --> dự thảo <![CDATA[& phụ lục]]>")

    assert document(raw).subject == "V/v góp ý  dự thảo & phụ lục"


def test_all_findings_come_in_one_answer() -> None:
    raw = without("Subject", without("SteeringType", with_text("Priority", "9")))
    raw = changed("000.00.00.H99", "000.00.00.X00", raw)

    with pytest.raises(PacketInvalid) as caught:
        edxml.decode(raw)

    rules = {one.rule for one in caught.value.findings}
    assert {"V-21", "V-25", "V-26"} <= rules
    assert caught.value.status == 422
    answer = caught.value.to_json()
    assert answer["code"] == "edxml.packet_invalid"
    assert {one["rule"] for one in answer["findings"]} == rules
    assert set(answer["findings"][0]) == {"rule", "severity", "where", "text", "wire_code"}


def test_content_and_context_rules_answer_together() -> None:
    raw = changed("000.00.00.H99", "000.00.00.H77", without("Subject"))

    found = severities(strict(raw, context()))

    assert {"V-15", "V-21"} <= set(found)


def test_a_refused_packet_still_says_who_sent_it() -> None:
    reading = strict(without("Subject"))

    assert reading.packet is None
    assert reading.refused
    assert reading.facts.sender == "000.00.00.G99"
    assert reading.facts.document_id == "000.00.00.G99,2025/03/03,125/BTN-CNTT"


def test_a_rule_broken_a_thousand_times_is_reported_a_few_times() -> None:
    raw = changed("</edXML:From>", "<edXML:Odd/>" * 1000 + "</edXML:From>")

    assert len(strict(raw).findings) == 20


def test_a_control_character_cannot_be_written() -> None:
    packet = replace(document(), subject="V/v \x00")

    with pytest.raises(TextNotEncodable):
        edxml.encode(packet)


def test_a_naive_time_cannot_be_written() -> None:
    packet = edxml.decode(STATUS)
    assert isinstance(packet, StatusPacket)

    with pytest.raises(ValueError, match="naive"):
        edxml.encode(replace(packet, at=datetime(2025, 3, 3)))  # noqa: DTZ001


def test_a_time_of_another_zone_is_written_in_vietnam_time() -> None:
    packet = edxml.decode(STATUS)
    assert isinstance(packet, StatusPacket)

    raw = edxml.encode(replace(packet, at=datetime(2025, 3, 3, 20, 0, tzinfo=UTC)))

    assert b"<edXML:Timestamp>2025/03/04 03:00:00<" in raw


def test_update_and_replacement_survive_writing_and_reading() -> None:
    packet = document()
    update = edxml.Business(
        kind=BusinessKind.UPDATE,
        reason="Điều chỉnh nơi nhận",
        document_id=packet.document_id,
        staff=packet.business.staff,
        update=edxml.Update(
            receivers_change=True,
            receivers=(
                edxml.ReceiverChange("000.00.00.H99", added=False),
                edxml.ReceiverChange("000.00.09.H99", added=True),
            ),
        ),
    )
    replacement = edxml.Business(
        kind=BusinessKind.REPLACEMENT,
        reason="Có sai sót nội dung",
        replacements=(edxml.Replacement("000.00.00.G99,2025/03/01,9/BTN-CNTT", ("H99", "H98")),),
    )

    for business in (update, replacement):
        other = replace(packet, business=business)
        assert edxml.decode(edxml.encode(other)) == other


def test_review_tells_the_sender_what_a_strict_reader_would_say() -> None:
    packet = replace(document(), subject="", attachments=())

    assert {one.rule for one in edxml.review(packet)} == {"V-21", "V-39"}


def test_check_answers_only_what_needs_knowledge() -> None:
    found = edxml.check(document(), context(today=date(2025, 3, 2)))

    assert [one.rule for one in found] == ["V-17"]


def test_a_missing_status_time_becomes_the_receipt_time_in_compat() -> None:
    raw = with_text("Timestamp", "2025-03-03T10:42:10+07:00", STATUS)

    packet = compat(raw, context()).packet

    assert isinstance(packet, StatusPacket)
    assert packet.at == context().now
    assert compat(raw).refused


def test_codes_of_old_clients_are_understood_in_compat() -> None:
    packet = edxml.decode(with_text("StatusCode", "14", STATUS), profile=Profile.COMPAT)

    assert isinstance(packet, StatusPacket)
    assert packet.status is StatusCode.AGREED
    assert packet.status_text == "14"


def test_an_unknown_status_is_kept_in_compat() -> None:
    packet = edxml.decode(with_text("StatusCode", "77", STATUS), profile=Profile.COMPAT)

    assert isinstance(packet, StatusPacket)
    assert packet.status is StatusCode.UNKNOWN
    assert packet.status_text == "77"


def test_duplicate_receivers_are_merged_in_compat() -> None:
    raw = changed("000.00.08.H99", "000.00.00.H99")

    packet = edxml.decode(raw, profile=Profile.COMPAT)

    assert isinstance(packet, DocumentPacket)
    assert [one.code for one in packet.receivers] == ["000.00.00.H99"]


def test_an_attachment_knows_its_media_type() -> None:
    assert Attachment.of("Quyết định.PDF", PDF).content_type == "application/pdf"


def test_a_changed_byte_breaks_the_packet_signature() -> None:
    raw = changed("Dự thảo Quy chế<", "Dự thảo quy chế<", NEW)

    assert severities(strict(raw)) == {"V-47": "T"}
    assert severities(compat(raw)) == {"V-47": "W"}
    assert strict(raw).facts.signature.state is SignatureState.INVALID


def test_a_trusted_certificate_makes_the_packet_signature_valid() -> None:
    reading = edxml.read(NEW, trusted=lambda certificate: len(certificate) > 500)

    assert reading.facts.signature.state is SignatureState.VALID


def test_a_second_signature_makes_the_packet_signature_invalid() -> None:
    extra = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>'
    raw = changed("</edXML:Bussiness>", f"</edXML:Bussiness>{extra}", NEW)

    assert strict(raw).facts.signature.state is SignatureState.INVALID


def test_a_dummy_signature_is_a_placeholder() -> None:
    inner = "<edXML:X509Certificate>MIIxxxxxxxx</edXML:X509Certificate>"
    dummy = f"<edXML:Signature>{inner}</edXML:Signature></edXML:edXMLHeader>"
    raw = changed("</edXML:edXMLHeader>", dummy)

    reading = strict(raw)

    assert reading.facts.signature.state is SignatureState.PLACEHOLDER
    assert severities(reading) == {"V-47": "W"}


def test_sha1_is_never_better_than_unsupported() -> None:
    raw = changed("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-sha1", NEW)

    assert strict(raw).facts.signature.state is SignatureState.UNSUPPORTED
