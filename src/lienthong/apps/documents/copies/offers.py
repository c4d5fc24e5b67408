"""Making an electronic copy, as the pages of documents offer it."""

from __future__ import annotations

from dataclasses import replace

from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.panels import Offer, Panel, key_of, panel
from lienthong.apps.documents.copies import forms, making
from lienthong.apps.documents.models import Document, OutgoingDocument
from lienthong.apps.pki.api import KeyKind

COPY = Offer(
    "",
    _("Làm bản sao điện tử"),
    _("Hình thức sao, tên cơ quan và thời gian ký được ghi ở góc trên bên phải trang đầu."),
    _("Ký số bản sao"),
    "files",
    lambda actor, _document: forms.CopyForm.for_key(key_of(KeyKind.AGENCY, actor)),
    signs_as=KeyKind.AGENCY,
)


def copy_panel(
    actor: Actor, document: Document, bound: django_forms.Form | None = None
) -> Panel | None:
    """Making an electronic copy, for who may."""
    if not making.may_copy(actor, document):
        return None
    is_ours = isinstance(document, OutgoingDocument)
    page = "documents:outgoing_copy" if is_ours else "documents:incoming_copy"
    return panel("copy", replace(COPY, page=page), actor, document, bound)
