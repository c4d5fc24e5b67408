"""What the authorities do by themselves: lists in time, responders' keys, the trust list."""

from __future__ import annotations

from datetime import datetime

from lienthong.apps.pki import ceremony
from lienthong.apps.pki.authority import lists, publishing, registry
from lienthong.apps.pki.authority.models import CertificateAuthority
from lienthong.apps.pki.authority.rules import AuthorityOffline


def keep(*, at: datetime) -> None:
    """Bring everything up to date where the authorities are kept; elsewhere nothing is to do."""
    try:
        directory = registry.authority_directory()
    except AuthorityOffline:
        return
    ceremony.renew_responders(directory, at=at)
    registry.sync(directory, at=at)
    for authority in CertificateAuthority.objects.filter(online=True):
        lists.issue_delta(directory, authority, at=at)
    publishing.publish(directory, at=at)
