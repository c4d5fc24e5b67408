"""Give a file out of the system, and write down that it was given (DX-81)."""

from __future__ import annotations

import hashlib

from django.db import transaction

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.dossiers import bundle, contents, queries
from lienthong.apps.documents.dossiers.keeping import record
from lienthong.apps.documents.dossiers.problems import DossierNotAllVisible
from lienthong.apps.documents.models import Dossier


def exported(actor: Actor, dossier: Dossier) -> bytes:
    """The ZIP of a file that the actor sees. Raises DossierNotAllVisible when a document in it is
    not for them."""
    hidden = queries.hidden_from(actor, dossier)
    if hidden:
        raise DossierNotAllVisible(count=len(hidden))
    data = bundle.build(contents.bundle_of(dossier))
    with transaction.atomic():
        facts = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        record(actor, dossier, "documents.dossier_exported", facts)
    return data
