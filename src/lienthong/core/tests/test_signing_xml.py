"""XML signatures: what we sign others read, what was not signed is never given on (SG 7.6)."""

from __future__ import annotations

import base64
import copy
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml.algorithms import SignatureConstructionMethod
from signxml.signer import XMLSigner

from lienthong.core import edxml
from lienthong.core.edxml.signature import SignatureState
from lienthong.core.signing import (
    DigestSigner,
    KeySigner,
    SignatureNotMade,
    SignerCertificateNotValid,
)
from lienthong.core.signing.authority import make_ec_key
from lienthong.core.signing.cades import PACKET
from lienthong.core.signing.keys import PrivateKey
from lienthong.core.signing.report import Indication
from lienthong.core.signing.xml import (
    PACKET_SHAPE,
    VerifiedXML,
    XMLNotSignable,
    sign_packet_xml,
    sign_xml,
    verify_xml,
)
from lienthong.core.signing.xml_structure import DSIG, XADES, Level, Shape
from lienthong.core.tests.pki_fixture import NOW, START, make_pki, rsa_keys, test_pki
from lienthong.core.tests.signing_cases.rules import rule

DATA = Path(__file__).parent / "data"
DOCUMENT = (
    b'<don xmlns="urn:test:don" xmlns:k="urn:test:khac" Id="doc"><!-- ghi ch\xc3\xba -->'
    b"<nguoi>Nguy\xe1\xbb\x85n V\xc4\x83n An</nguoi> <k:so>1</k:so>\n</don>"
)
XMLDSIG = Shape(Level.XMLDSIG)
needs_xmlsec1 = pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="needs xmlsec1")


@cache
def signed(level: Level = Level.XADES) -> bytes:
    return sign_xml(DOCUMENT, signer=test_pki().person(), at=NOW, shape=Shape(level))


def verified(data: bytes, shape: Shape | None = None) -> VerifiedXML:
    return verify_xml(data, trust=test_pki().trust, at=NOW, shape=shape)


def refused(data: bytes, shape: Shape | None = None) -> str:
    """Assert that `data` does not pass and gives nothing on; return the sub-indication."""
    found = verified(data, shape)
    assert found.report.indication is not Indication.PASSED
    assert found.content is None
    return found.report.sub_indication


def changed(data: bytes, change: Callable[[etree._Element], None]) -> bytes:
    root = etree.fromstring(data)
    change(root)
    return bytes(etree.tostring(root))


def signature_of(root: etree._Element) -> etree._Element:
    found = root.find(f".//{{{DSIG}}}Signature")
    assert found is not None
    return found


def xmlsec1(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["xmlsec1", *arguments], cwd=at, capture_output=True, text=True, check=False, timeout=60
    )


def is_accepted_by_xmlsec1(data: bytes, folder: Path) -> bool:
    (folder / "signed.xml").write_bytes(data)
    roots = b"".join(one.public_bytes(Encoding.PEM) for one in test_pki().trust.anchors)
    (folder / "roots.pem").write_bytes(roots)
    told = xmlsec1(
        "verify", "--trusted-pem", "roots.pem", "--verification-time", f"{NOW:%Y-%m-%d %H:%M:%S}",
        "--id-attr:Id", f"{XADES}:SignedProperties", "signed.xml", at=folder,
    )  # fmt: skip
    return told.returncode == 0


# What we sign.


@pytest.mark.parametrize("level", list(Level))
def test_a_signed_document_is_valid_and_gives_what_was_signed(level: Level) -> None:
    found = verified(signed(level), Shape(level))

    assert found.report.indication is Indication.PASSED, found.report.checks
    assert found.content is not None
    assert "Nguyễn Văn An".encode() in found.content
    assert b"Signature" not in found.content
    assert found.report.claimed_at == (NOW if level is Level.XADES else None)


def test_an_rsa_key_signs_by_pss() -> None:
    signer = test_pki().person("Phạm Thị RSA", key=rsa_keys()[0])

    found = verified(sign_xml(DOCUMENT, signer=signer, at=NOW))

    assert found.report.indication is Indication.PASSED
    assert any("RSA-PSS" in check.text for check in found.report.checks)


@needs_xmlsec1
@pytest.mark.parametrize("level", list(Level))
def test_xmlsec1_accepts_what_we_sign(level: Level, tmp_path: Path) -> None:
    assert is_accepted_by_xmlsec1(signed(level), tmp_path)


@needs_xmlsec1
def test_xmlsec1_refuses_what_was_changed(tmp_path: Path) -> None:
    assert not is_accepted_by_xmlsec1(signed().replace(b">1<", b">2<"), tmp_path)


def test_a_packet_carries_its_signature_for_partners() -> None:
    packet = (DATA / "edxml-new-document.edxml").read_bytes()
    bare = changed(packet, _without_signature)

    made = sign_packet_xml(bare, signer=test_pki().service(), at=NOW)

    facts = edxml.read(made).facts
    assert facts.signature.state is SignatureState.VALID_UNTRUSTED
    found = verify_xml(made, trust=test_pki().trust, at=NOW, shape=PACKET_SHAPE, purpose=PACKET)
    assert found.report.indication is Indication.PASSED, found.report.checks


def _without_signature(root: etree._Element) -> None:
    for name in ("Signature", "DigitalSignature"):
        for one in list(root.iter(f"{{*}}{name}")):
            parent = one.getparent()
            assert parent is not None
            parent.remove(one)


@pytest.mark.parametrize(
    "data",
    [
        b"khong phai XML",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<a><b Id="1"/><b Id="1"/></a>',
        b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?><a/>',
        signed(),
        b'<a xmlns="tuong-doi"/>',
    ],
    ids=["not XML", "entities", "double Id", "instruction", "signed already", "relative name"],
)
def test_what_cannot_be_signed_safely_is_refused(data: bytes) -> None:
    with pytest.raises(XMLNotSignable):
        sign_xml(data, signer=test_pki().person(), at=NOW)


def test_an_expired_certificate_signs_nothing() -> None:
    with pytest.raises(SignerCertificateNotValid):
        sign_xml(DOCUMENT, signer=test_pki().person(), at=START - timedelta(days=1))


class BrokenDevice:
    """A device with a fault: it answers with the signature of another digest."""

    def __init__(self, inner: KeySigner) -> None:
        self.certificate, self.chain, self._inner = inner.certificate, inner.chain, inner

    def sign_digest(self, digest: bytes) -> bytes:
        return self._inner.sign_digest(bytes(32))


def test_a_faulty_device_makes_no_signed_document() -> None:
    broken: DigestSigner = BrokenDevice(test_pki().person())

    with pytest.raises(SignatureNotMade):
        sign_xml(DOCUMENT, signer=broken, at=NOW)


# What others sign.


def signed_by_signxml(reference: str = "", key: PrivateKey | None = None) -> bytes:
    """Plain XML-DSig by another program; `reference` is an Id, "" the whole document."""
    key = key or make_ec_key()
    person = test_pki().person("Lê Thị Khác", key=key)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
        signature_algorithm="ecdsa-sha256",
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    root = signer.sign(
        etree.fromstring(DOCUMENT),
        key=pem,
        cert=[person.certificate, *person.chain],
        reference_uri=reference or None,
    )
    return bytes(etree.tostring(root))


@pytest.mark.parametrize("reference", ["", "doc"])
def test_a_document_signed_by_another_program_is_valid(reference: str) -> None:
    found = verified(signed_by_signxml(reference), XMLDSIG)

    assert found.report.indication is Indication.PASSED, found.report.checks


@needs_xmlsec1
@pytest.mark.parametrize(
    "method",
    ["http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"],
)
def test_a_document_signed_by_xmlsec1_is_valid(method: str, tmp_path: Path) -> None:
    key = make_ec_key()
    person = test_pki().person("Trần Văn Nhị", key=key)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "own.pem").write_bytes(person.certificate.public_bytes(Encoding.PEM))
    template = f"""<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>
      <ds:CanonicalizationMethod Algorithm="{method}"/>
      <ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>
      <ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="{DSIG}enveloped-signature"/>
      <ds:Transform Algorithm="{method}"/></ds:Transforms>
      <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/>
      </ds:Reference></ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo>
      </ds:Signature></don>"""
    (tmp_path / "template.xml").write_bytes(DOCUMENT.replace(b"</don>", template.encode()))
    told = xmlsec1(
        "sign", "--privkey-pem", "key.pem,own.pem", "--output", "made.xml", "template.xml",
        at=tmp_path,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr

    found = verified((tmp_path / "made.xml").read_bytes(), XMLDSIG)

    assert found.report.indication is Indication.PASSED, found.report.checks


# R55: wrapping.


def _parts(root: etree._Element) -> tuple[etree._Element, etree._Element, etree._Element]:
    """(evil copy without signature, original without signature, signature)."""
    original = copy.deepcopy(root)
    signature = signature_of(original)
    original.remove(signature)
    evil = copy.deepcopy(original)
    evil.set("Id", "evil")
    evil[-1].text = "1000000"
    return evil, original, signature


def _new_root(*members: etree._Element) -> etree._Element:
    root = etree.Element("{urn:test:don}don")
    root.extend(members)
    return root


def _object(signature: etree._Element, *members: etree._Element) -> etree._Element:
    etree.SubElement(signature, f"{{{DSIG}}}Object").extend(members)
    return signature


def _with(parent: etree._Element, *members: etree._Element) -> etree._Element:
    parent.extend(members)
    return parent


Wrap = Callable[[etree._Element, etree._Element, etree._Element], etree._Element]
WRAPPINGS: dict[str, Wrap] = {
    "1: evil root, signature holds the original": lambda e, o, s: _with(e, _object(s, o)),
    "2: evil root, original beside the signature": _with,
    "3: evil first, then the original": lambda e, o, s: _new_root(e, _with(o, s)),
    "4: evil holds the signed original": lambda e, o, s: _with(e, _with(o, s)),
    "5: signature in the evil one, original after": lambda e, o, s: _new_root(_with(e, s), o),
    "6: evil holds signature, signature the original": lambda e, o, s: _new_root(
        _with(e, _object(s, o))
    ),
    "7: evil in an extension of the original": lambda e, o, s: _with(
        o, _with(etree.Element("{urn:test:don}mo-rong"), e), s
    ),
    "8: evil in the signature's object": lambda e, o, s: _with(o, _object(s, e)),
}


@rule("R55")
@pytest.mark.parametrize("name", WRAPPINGS)
@pytest.mark.parametrize("same_id", [False, True])
def test_r55_a_wrapped_signature_is_refused(name: str, same_id: bool) -> None:
    evil, original, signature = _parts(etree.fromstring(signed_by_signxml("doc")))
    if same_id:
        evil.set("Id", "doc")

    refused(bytes(etree.tostring(WRAPPINGS[name](evil, original, signature))), XMLDSIG)


@rule("R55")
def test_r55_the_content_is_what_was_digested_not_what_was_sent() -> None:
    """A comment inside a text splits it for many readers; what is given on has no comments."""
    split = signed().replace("Văn An".encode(), "Văn<!-- x --> An".encode())

    found = verified(split)

    assert found.report.indication is Indication.PASSED
    assert found.content == verified(signed()).content


def _second_properties(root: etree._Element) -> None:
    holder = root.find(f".//{{{XADES}}}QualifyingProperties")
    assert holder is not None
    twin = copy.deepcopy(holder[0])
    twin.set("Id", "khac")
    holder.append(twin)


def _properties_elsewhere(root: etree._Element) -> None:
    holder = root.find(f".//{{{DSIG}}}Object")
    assert holder is not None
    root.append(holder)


def _counter_signature(root: etree._Element) -> None:
    holder = root.find(f".//{{{XADES}}}QualifyingProperties")
    assert holder is not None
    unsigned = etree.SubElement(holder, f"{{{XADES}}}UnsignedProperties")
    inner = etree.SubElement(unsigned, f"{{{XADES}}}UnsignedSignatureProperties")
    etree.SubElement(inner, f"{{{XADES}}}CounterSignature").append(
        copy.deepcopy(signature_of(root))
    )


def _unsigned_claim(root: etree._Element) -> None:
    holder = root.find(f".//{{{XADES}}}QualifyingProperties")
    assert holder is not None
    unsigned = etree.SubElement(holder, f"{{{XADES}}}UnsignedProperties")
    inner = etree.SubElement(unsigned, f"{{{XADES}}}UnsignedSignatureProperties")
    etree.SubElement(inner, f"{{{XADES}}}SignerRole").text = "Chủ tịch"


def _manifest(root: etree._Element) -> None:
    holder = etree.SubElement(signature_of(root), f"{{{DSIG}}}Object")
    etree.SubElement(holder, f"{{{DSIG}}}Manifest")


def _second_signature(root: etree._Element) -> None:
    twin = copy.deepcopy(signature_of(root))
    for one in twin.iter():
        if "Id" in one.attrib:
            del one.attrib["Id"]
    root.append(twin)


def _moved(root: etree._Element) -> None:
    root[1].append(signature_of(root))


def _other_target(root: etree._Element) -> None:
    holder = root.find(f".//{{{XADES}}}QualifyingProperties")
    assert holder is not None
    holder.set("Target", "#khac")


def _drop_reference(root: etree._Element) -> None:
    info = signature_of(root)[0]
    info.remove(info[-1])


def _external_reference(root: etree._Element) -> None:
    info = signature_of(root)[0]
    info[2].set("URI", "http://127.0.0.1:9/khac.xml")


@rule("R55")
@pytest.mark.parametrize(
    "change",
    [
        _second_properties, _properties_elsewhere, _counter_signature, _unsigned_claim, _manifest,
        _second_signature, _moved, _other_target, _drop_reference, _external_reference,
    ],
)  # fmt: skip
def test_r55_a_signature_of_another_structure_is_refused(
    change: Callable[[etree._Element], None],
) -> None:
    assert refused(changed(signed(), change)) == "FORMAT_FAILURE"


@rule("R55")
def test_r55_two_elements_of_one_id_are_refused() -> None:
    def twice(root: etree._Element) -> None:
        root[-2].set("Id", signature_of(root).get("Id") or "")

    assert refused(changed(signed(), twice)) == "FORMAT_FAILURE"


# R56, R57: entities, transforms, keys.


@rule("R56")
def test_r56_a_doctype_is_refused_and_nothing_is_fetched() -> None:
    entity = b'<!DOCTYPE don [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    body = signed().split(b"?>", 1)[1].replace(b">1<", b">&x;<")

    assert refused(entity + body) == "FORMAT_FAILURE"


@rule("R56")
@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ],
)
def test_r56_only_the_two_kinds_of_transform_are_allowed(algorithm: str) -> None:
    def add(root: etree._Element) -> None:
        transforms = signature_of(root)[0][2][0]
        transforms[-1].set("Algorithm", algorithm)

    assert refused(changed(signed(), add)) == "FORMAT_FAILURE"


@rule("R56")
def test_r56_a_transform_with_parameters_is_refused() -> None:
    def add(root: etree._Element) -> None:
        etree.SubElement(signature_of(root)[0][2][0][0], f"{{{DSIG}}}XPath").text = "//*"

    assert refused(changed(signed(), add)) == "FORMAT_FAILURE"


@rule("R57")
def test_r57_a_bare_key_is_refused() -> None:
    def bare(root: etree._Element) -> None:
        info = signature_of(root)[2]
        info.clear()
        etree.SubElement(info, f"{{{DSIG}}}KeyValue")

    assert refused(changed(signed(), bare)) == "NO_SIGNING_CERTIFICATE_FOUND"


@rule("R57")
@pytest.mark.parametrize("name", ["RetrievalMethod", "PGPData", "MgmtData"])
def test_r57_a_key_by_reference_is_refused(name: str) -> None:
    def by_url(root: etree._Element) -> None:
        etree.SubElement(signature_of(root)[2], f"{{{DSIG}}}{name}", URI="http://127.0.0.1:9/k")

    assert refused(changed(signed(), by_url)) == "FORMAT_FAILURE"


def test_r10_another_certificate_of_the_same_key_is_refused() -> None:
    key = make_ec_key()
    own, other = (test_pki().person(name, key=key) for name in ("Người ký", "Người khác"))
    data = sign_xml(DOCUMENT, signer=own, at=NOW)

    def swap(root: etree._Element) -> None:
        text = base64.b64encode(other.certificate.public_bytes(Encoding.DER)).decode()
        signature_of(root)[2][0][0].text = text

    assert refused(changed(data, swap)) == "SIG_CONSTRAINTS_FAILURE"


def test_r13_sha1_is_never_accepted() -> None:
    def weak(root: etree._Element) -> None:
        signature_of(root)[0][1].set("Algorithm", f"{DSIG}rsa-sha1")

    assert refused(changed(signed(), weak)) == "CRYPTO_CONSTRAINTS_FAILURE"


def test_r17_a_stranger_with_a_good_signature_is_not_valid() -> None:
    stranger = make_pki().person()
    data = sign_xml(DOCUMENT, signer=stranger, at=NOW)

    assert refused(data) == "NO_CERTIFICATE_CHAIN_FOUND"


def test_a_certificate_for_packets_does_not_sign_documents() -> None:
    data = sign_xml(DOCUMENT, signer=test_pki().service(), at=NOW)

    assert refused(data) == "CHAIN_CONSTRAINTS_FAILURE"


# A changed serial number may be negative, of which the library warns.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(signed()) - 1), st.integers(1, 255))
def test_r1_a_changed_byte_never_changes_what_is_given_on(position: int, mask: int) -> None:
    data = bytearray(signed())
    data[position] ^= mask

    found = verified(bytes(data))

    assert found.content in (None, verified(signed()).content)


@pytest.mark.parametrize("name", ["SignatureValue", "X509Certificate", "DigestValue"])
@pytest.mark.parametrize("text", ["\u0301", "=", "<x/>", "<!--x-->A"])
def test_values_that_are_no_base64_are_refused(name: str, text: str) -> None:
    data = signed().replace(f"<ds:{name}>".encode(), f"<ds:{name}>{text}".encode(), 1)

    assert refused(data) == "FORMAT_FAILURE"


def test_a_hostile_document_is_refused_at_once() -> None:
    deep = b"<a>" * 200 + b"</a>" * 200
    wide = b"<a>" + b"<b/>" * 300_000 + b"</a>"

    assert refused(deep) == refused(wide) == "FORMAT_FAILURE"
