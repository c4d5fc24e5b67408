"""Tables of the document desk. Every row carries the organization that owns it (row security)."""

from lienthong.apps.documents.models.copies import ElectronicCopy
from lienthong.apps.documents.models.dossiers import (
    Dossier,
    DossierItem,
    DossierList,
    DossierListEntry,
    HandOver,
    HandOverLine,
)
from lienthong.apps.documents.models.drafts import DraftComment, DraftVersion
from lienthong.apps.documents.models.handling import (
    Direction,
    ExtensionRequest,
    Forwarding,
    OpinionRequest,
    ProgressNote,
    Reply,
)
from lienthong.apps.documents.models.incoming import (
    IncomingAttachment,
    IncomingDocument,
    StatusReport,
    Support,
)
from lienthong.apps.documents.models.numbers import NumberSeries
from lienthong.apps.documents.models.outgoing import (
    OutgoingDocument,
    OutgoingRecipient,
    RecallRequest,
    StatusEntry,
)
from lienthong.apps.documents.models.registers import CopyUse, Export, PostedDocument
from lienthong.apps.documents.models.rest import ApiAnswer, ApiToken
from lienthong.apps.documents.models.search import SavedSearch, SearchEntry, SearchWord

Document = OutgoingDocument | IncomingDocument

__all__ = [
    "ApiAnswer",
    "ApiToken",
    "CopyUse",
    "Direction",
    "Document",
    "Dossier",
    "DossierItem",
    "DossierList",
    "DossierListEntry",
    "DraftComment",
    "DraftVersion",
    "ElectronicCopy",
    "Export",
    "ExtensionRequest",
    "Forwarding",
    "HandOver",
    "HandOverLine",
    "IncomingAttachment",
    "IncomingDocument",
    "NumberSeries",
    "OpinionRequest",
    "OutgoingDocument",
    "OutgoingRecipient",
    "PostedDocument",
    "ProgressNote",
    "RecallRequest",
    "Reply",
    "SavedSearch",
    "SearchEntry",
    "SearchWord",
    "StatusEntry",
    "StatusReport",
    "Support",
]
