"""What the desk shows. Each read starts from who may see the rows.

desk(actor) -> Desk: lists by what waits for this actor: to_register, to_direct, to_work, to_draft (own
    drafts), to_review, to_sign, to_seal, to_dispatch, overdue; `.counts` -> dict[str, int]
incoming_visible_to(actor) -> QuerySet[IncomingDocument] · outgoing_visible_to(actor) -> QuerySet[OutgoingDocument]
incoming(actor, pk) / outgoing(actor, pk) -> the document; raises DocumentNotFound (404, also when not visible)
timeline(document) -> list[Event(at, text, who, detail, kind)] from journal and statuses, oldest first
available_actions(actor, document) -> list[str]; outgoing: edit submit approve return sign seal dispatch,
    incoming: accept refuse assign start finish (rules.OutgoingMove / IncomingMove values)
duplicates_of(document) -> QuerySet[IncomingDocument] (DX-29)
signatories(organization_id) / reviewers(organization_id) / officers(organization_id) -> list[Seat]
document_types() -> tuple[edxml.DocumentType, ...] (group 2) · dossiers(actor) -> QuerySet[Dossier]
pdf(document) -> bytes · page_png(document, page, width=1000) -> bytes · attachment(document, position) -> bytes
"""
