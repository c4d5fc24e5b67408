"""The numbered cases of SG 8, and the mark that says which of them a test holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

MUST_REFUSE = {
    "R1": "one bit changed anywhere in covered bytes",
    "R2": "changed signature value",
    "R3": "changed signed attribute",
    "R4": "message-digest of other content",
    "R5": "attributes re-ordered so the SET is not DER",
    "R6": "two SignerInfos",
    "R7": "no SignerInfo",
    "R8": "encapsulated content together with detached",
    "R9": "missing signing-certificate attribute in PAdES",
    "R10": "attribute names another certificate of the same key",
    "R11": "duplicate message-digest",
    "R12": "digest algorithm of SignerInfo is not the signature's",
    "R13": "SHA-1, MD5",
    "R14": "RSA under 2048, exponent 1 or even; DSA; other curves; points off the curve",
    "R15": "PSS with salt or MGF other than the table",
    "R16": "indefinite lengths, trailing data, wrong string types, depth bomb",
    "R17": "certificate only in the CMS, chains nowhere",
    "R18": "no signed attributes",
    "R19": "bytes appended after the last signature (incremental saving)",
    "R20": "ByteRange of another shape",
    "R21": "gap larger than Contents, two strings in it, literal string, whitespace",
    "R22": "Contents or ByteRange absent, null, 0, empty (universal forgery)",
    "R23": "moved second range, duplicated xref in the gap (signature wrapping)",
    "R24": "shadow hide, replace, hide-and-replace",
    "R25": "form field value or appearance changed after signing",
    "R26": "annotation, page, font, image or OCG changed or added after signing",
    "R27": "certified document changed beyond its level",
    "R28": "one signature dictionary referenced by two fields",
    "R29": "two documents' revisions joined",
    "R30": "encryption dictionary added",
    "R31": "xref pointing outside its revision, reused object, startxref repaired by guess",
    "R32": "signature inside an object stream that a later revision replaces",
    "R33": "document time-stamp copied from another file",
    "R34": "circular page or form tree: refused, without hanging",
    "R35": "expired or not yet valid at best time without proof of existence",
    "R36": "revoked at or before best time",
    "R37": "revoked issuer",
    "R38": "wrong KU, EKU, policy; CA flag missing; pathLen exceeded",
    "R39": "unknown critical extension",
    "R40": "name constraint violated, also one carried by the trust anchor",
    "R41": "cross-certificate revoked, expired or for another key",
    "R42": "loop or bag of look-alike authorities: bounded time",
    "R43": "no revocation evidence, or only for the leaf",
    "R44": "OCSP answer that is not for this certificate, not by its issuer, stale or unknown",
    "R45": "CRL too old, of another issuer or scope, unreadable, forged, or going back",
    "R46": "anchor removed from the list before best time",
    "R47": "trust list forged, old, expired, by an unknown signer, with two signatures",
    "R48": "self-signed look-alike of a root",
    "R49": "time-stamp over other bytes",
    "R50": "TSA certificate without critical sole EKU",
    "R51": "claimed time before the certificate, in the future, or after the proof of existence",
    "R52": "archive time-stamp that does not cover the evidence",
    "R53": "time-stamp after expiry of the signer's certificate without earlier proof",
    "R54": "time-stamp with wrong nonce, policy, or two SignerInfos",
    "R55": "XML wrapping, duplicate Id, second SignedProperties, fake counter-signature, manifest",
    "R56": "external entity, DTD, XPath or XSLT transform",
    "R57": "bare key, key by URL",
    "R58": "alg none or changed, unknown crit, duplicate header name",
    "R59": "receipt for another packet or by a third party, replayed",
    "R60": "proof with missing, extra or swapped node, wrong index or size; forked checkpoint",
    "R61": "key used without step-up",
    "R62": "authorisation for one digest used for another, twice, or by another user",
    "R63": "expired or held certificate",
    "R64": "document failing the checks before signing (SG 6.1)",
    "R65": "request outside a mandate",
}

MUST_ACCEPT = {
    "A1": "ECDSA signatures with high S",
    "A2": "RSA-2048 PKCS#1 v1.5 with SHA-256 within its table dates",
    "A3": "adbe.pkcs7.detached",
    "A4": "certificates ordered differently, extra unrelated certificates",
    "A5": "SHA-1 CertID in OCSP",
    "A6": "cross-reference streams",
    "A7": "certificate expired or revoked later, with proof of existence and evidence",
    "A8": "path through the cross-certificate",
    "A9": "Vietnamese names in NFC, 64 characters and more",
    "A10": "DSS and document time-stamp after the agency signature",
}

ALL = MUST_REFUSE | MUST_ACCEPT


def rule(*numbers: str) -> Callable[[Test], Test]:
    """Say which cases a test holds: `@rule("R19")`. `test_register` reads these marks."""
    unknown = set(numbers) - ALL.keys()
    if unknown or not numbers:
        raise ValueError(f"no such case: {sorted(unknown)}")
    return lambda test: test
