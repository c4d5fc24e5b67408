"""What other contexts may use of pki."""

from lienthong.apps.pki.actions import (
    issue_agency,
    issue_node,
    issue_person,
    issue_receipt,
    issue_service,
    keep_authority,
    make_log_key,
    register_certificate,
    renew_crls,
    revoke,
)
from lienthong.apps.pki.authority.mandates import approve as approve_mandate
from lienthong.apps.pki.authority.mandates import in_force as mandates_in_force
from lienthong.apps.pki.authority.mandates import propose as propose_mandate
from lienthong.apps.pki.authority.mandates import usual_terms
from lienthong.apps.pki.authority.upkeep import keep as keep_register
from lienthong.apps.pki.ceremony import make_national_pki, publish_keys
from lienthong.apps.pki.consent import ConsentForm, asks_agent, for_agent
from lienthong.apps.pki.key_uses import KeyUseRefused
from lienthong.apps.pki.keyfiles import kit_key, own_key, own_secret
from lienthong.apps.pki.models import Certificate, Key
from lienthong.apps.pki.outside import fetch, timestamp_source
from lienthong.apps.pki.queries import (
    certificates,
    has_key,
    hub_receipt_signer,
    log_key,
    node_key_id,
    node_signer,
    person_signer,
    place_of,
    seal_signer,
    service_signer,
    usable_key,
)
from lienthong.apps.pki.registration.events import CertificateEnds, RequestActed
from lienthong.apps.pki.rules import (
    AuthorityMissing,
    CertificateNotUsable,
    CertificateStatusUnknown,
    KeyInBrowser,
    KeyKind,
    KeyMissing,
    KeyPlace,
    TrustMissing,
)
from lienthong.apps.pki.signers import About, Consent, HeldKey, SigningAct
from lienthong.apps.pki.trusted import install_trust, take_bundle, trust
from lienthong.apps.pki.usable import KeyState, check_usable, state_of
from lienthong.core.signing.authority import BASE_URL

__all__ = [
    "BASE_URL",
    "About",
    "AuthorityMissing",
    "Certificate",
    "CertificateEnds",
    "CertificateNotUsable",
    "CertificateStatusUnknown",
    "Consent",
    "ConsentForm",
    "HeldKey",
    "Key",
    "KeyInBrowser",
    "KeyKind",
    "KeyMissing",
    "KeyPlace",
    "KeyState",
    "KeyUseRefused",
    "RequestActed",
    "SigningAct",
    "TrustMissing",
    "approve_mandate",
    "asks_agent",
    "certificates",
    "check_usable",
    "fetch",
    "for_agent",
    "has_key",
    "hub_receipt_signer",
    "install_trust",
    "issue_agency",
    "issue_node",
    "issue_person",
    "issue_receipt",
    "issue_service",
    "keep_authority",
    "keep_register",
    "kit_key",
    "log_key",
    "make_log_key",
    "make_national_pki",
    "mandates_in_force",
    "node_key_id",
    "node_signer",
    "own_key",
    "own_secret",
    "person_signer",
    "place_of",
    "propose_mandate",
    "publish_keys",
    "register_certificate",
    "renew_crls",
    "revoke",
    "seal_signer",
    "service_signer",
    "state_of",
    "take_bundle",
    "timestamp_source",
    "trust",
    "usable_key",
    "usual_terms",
]
