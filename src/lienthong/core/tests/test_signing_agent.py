"""Signing in two steps with a token beside the browser: digest out, signature in."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lienthong.core import signing
from lienthong.core.signing import PERSON_FIELD, DigestSigner, SignerCertificateNotValid, Verdict
from lienthong.core.signing.agent import (
    AgentCertificateWrong,
    AgentDigestWrong,
    AgentRequestGone,
    AgentSignatureWrong,
    Answer,
    FolderStore,
    MemoryStore,
    Pending,
    PendingStore,
    begin,
    finish,
    take,
)
from lienthong.core.signing.report import Indication
from lienthong.core.signing.xml import sign_xml, verify_xml
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, PERSON_NAME, START, rsa_keys, test_pki
from lienthong.core.tests.signing_cases.rules import rule

HOLDER = "1"
FACTS = {"Số, ký hiệu": "12/BTN-VP", "Trích yếu": "V/v thử nghiệm"}


def sign(data: bytes, signer: DigestSigner) -> bytes:
    return signing.sign_pdf(
        data, field=PERSON_FIELD, signer=signer, name=PERSON_NAME, reason="", location="", at=NOW
    )


class Desk:
    """A document, a signer's token, and the two steps between."""

    def __init__(self, store: PendingStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.data = samples.prepared()
        self.document = hashlib.sha256(self.data).digest()
        self.token = test_pki().person()

    def begin(self) -> Pending:
        return begin(
            lambda signer: sign(self.data, signer),
            store=self.store, holder=HOLDER, document=self.document,
            certificate=self.token.certificate, chain=self.token.chain, facts=FACTS, at=NOW,
        )  # fmt: skip

    def answer(self, pending: Pending) -> Answer:
        """What an honest agent sends."""
        signature = self.token.sign_digest(pending.digest)
        return Answer(pending.id, pending.digest, self.token.certificate, signature)

    def finish(self, answer: Answer) -> bytes:
        pending = take(answer, store=self.store, holder=HOLDER, document=self.document, at=NOW)
        return finish(lambda signer: sign(self.data, signer), pending, answer.signature)


@pytest.fixture(params=["memory", "folder"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    return Desk(MemoryStore() if request.param == "memory" else FolderStore(tmp_path / "pending"))


def test_a_document_signed_in_two_steps_is_valid(desk: Desk) -> None:
    signed = desk.finish(desk.answer(desk.begin()))

    report = signing.verify_pdf(signed, trust=test_pki().trust, at=NOW)
    assert report.verdict is Verdict.VALID, report.findings


def test_an_rsa_token_signs_in_two_steps_too() -> None:
    desk = Desk()
    desk.token = test_pki().person("Phạm Thị RSA", key=rsa_keys()[0])

    signed = desk.finish(desk.answer(desk.begin()))

    report = signing.verify_pdf(signed, trust=test_pki().trust, at=NOW)
    assert report.verdict is Verdict.VALID, report.findings


def test_an_xml_document_is_signed_in_two_steps() -> None:
    store, token, data = MemoryStore(), test_pki().person(), b"<a>1</a>"
    document = hashlib.sha256(data).digest()

    def work(signer: DigestSigner) -> bytes:
        return sign_xml(data, signer=signer, at=NOW)

    pending = begin(
        work, store=store, holder=HOLDER, document=document, certificate=token.certificate,
        chain=token.chain, at=NOW,
    )  # fmt: skip
    answer = Answer(
        pending.id, pending.digest, token.certificate, token.sign_digest(pending.digest)
    )
    taken = take(answer, store=store, holder=HOLDER, document=document, at=NOW)
    signed = finish(work, taken, answer.signature)

    report = verify_xml(signed, trust=test_pki().trust, at=NOW).report
    assert report.indication is Indication.PASSED


def test_the_agent_gets_what_to_show_and_nothing_else(desk: Desk) -> None:
    shown = desk.begin().for_agent()

    assert shown["facts"] == FACTS
    assert shown["digest_algorithm"] == "SHA-256"
    assert set(shown) == {
        "id", "digest", "digest_algorithm", "signature_algorithm", "certificate",
        "certificate_sha256", "expires_at", "facts",
    }  # fmt: skip


def test_a_request_survives_being_written_down(desk: Desk) -> None:
    pending = desk.begin()

    assert Pending.from_json(pending.to_json()) == pending


@rule("R62")
def test_a_replayed_answer_is_refused(desk: Desk) -> None:
    answer = desk.answer(desk.begin())
    assert desk.finish(answer)

    with pytest.raises(AgentRequestGone):
        desk.finish(answer)


def test_of_many_answers_at_once_one_is_taken(desk: Desk) -> None:
    answer = desk.answer(desk.begin())
    taken: list[bytes] = []
    refused: list[AgentRequestGone] = []

    def send() -> None:
        try:
            taken.append(desk.finish(answer))
        except AgentRequestGone as problem:
            refused.append(problem)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(taken), len(refused)) == (1, 7)


def test_another_certificate_is_refused(desk: Desk) -> None:
    other = test_pki().person("Người khác")
    pending = desk.begin()
    answer = Answer(
        pending.id, pending.digest, other.certificate, other.sign_digest(pending.digest)
    )

    with pytest.raises(AgentCertificateWrong):
        desk.finish(answer)


def test_the_signature_of_another_key_is_refused(desk: Desk) -> None:
    answer = desk.answer(pending := desk.begin())
    stranger = test_pki().person("Người khác").sign_digest(pending.digest)

    with pytest.raises(AgentSignatureWrong):
        desk.finish(replace(answer, signature=stranger))


@rule("R62")
def test_a_signature_over_another_digest_is_refused(desk: Desk) -> None:
    answer = desk.answer(desk.begin())
    other = hashlib.sha256(b"khac").digest()

    with pytest.raises(AgentDigestWrong):
        desk.finish(replace(answer, digest=other, signature=desk.token.sign_digest(other)))


def test_bytes_that_are_no_signature_are_refused(desk: Desk) -> None:
    with pytest.raises(AgentSignatureWrong):
        desk.finish(replace(desk.answer(desk.begin()), signature=b"khong phai"))


def test_a_document_changed_between_the_steps_is_refused(desk: Desk) -> None:
    answer = desk.answer(desk.begin())
    desk.document = hashlib.sha256(b"khac").digest()

    with pytest.raises(AgentDigestWrong):
        desk.finish(answer)


def test_work_that_would_sign_something_else_is_refused(desk: Desk) -> None:
    answer = desk.answer(desk.begin())
    desk.data = samples.prepared(samples.make_pdf(pages=1))

    with pytest.raises(AgentDigestWrong):
        desk.finish(answer)


@pytest.mark.parametrize(("holder", "late"), [("2", timedelta(0)), (HOLDER, timedelta(minutes=6))])
def test_an_answer_by_someone_else_or_too_late_is_refused(
    desk: Desk, holder: str, late: timedelta
) -> None:
    answer = desk.answer(desk.begin())

    with pytest.raises(AgentRequestGone):
        take(answer, store=desk.store, holder=holder, document=desk.document, at=NOW + late)


def test_an_expired_certificate_is_not_asked_to_sign(desk: Desk) -> None:
    with pytest.raises(SignerCertificateNotValid):
        begin(
            lambda signer: sign(desk.data, signer), store=desk.store, holder=HOLDER,
            document=desk.document, certificate=desk.token.certificate,
            at=START - timedelta(days=1),
        )  # fmt: skip


@pytest.mark.parametrize("name", ["../x", "", "a" * 32, "0" * 32])
def test_a_name_that_is_no_request_finds_nothing(tmp_path: Path, name: str) -> None:
    assert FolderStore(tmp_path).take(name) is None


def test_requests_that_nobody_answered_are_swept(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    pending = Desk(store).begin()

    store.sweep(before=NOW + timedelta(days=36500))

    assert store.take(pending.id) is None
