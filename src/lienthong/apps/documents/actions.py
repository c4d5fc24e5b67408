"""The desk's writes. One function is one transaction; `actor` is who does it (accounts.api.Actor).

Every function checks the policy first (`accounts.Forbidden`), then the state
(`documents.move_not_allowed`), records the act in the journal and returns the document as it is now.
`document` may be stale: the row is read again under a lock. Signatures for the pages:

draft_from_form(actor, *, type_code, subject, urgency, recipients, form, due_on=None,
                signatory_seat_id, reviewer_seat_id) -> OutgoingDocument
    form: {"addressee": str, "body": str (paragraphs apart by an empty line), "places": list[str],
    "bases": list[str]}; "addressee" empty = the recipients' names. recipients: organization ids.
draft_from_pdf(actor, *, pdf, filename, type_code, subject, urgency, recipients, due_on=None,
               signatory_seat_id, reviewer_seat_id) -> OutgoingDocument
update_draft(actor, document, *, the same names, each optional; pdf/filename or form) -> OutgoingDocument
submit_for_review(actor, document) · approve(actor, document, comment="") · return_draft(actor, document, reason)
sign(actor, document, pin) · seal(actor, document, pin) · dispatch(actor, document)
accept(actor, document) · refuse(actor, document, reason_code, text)
assign(actor, document, lead_seat_id, supporting_seat_ids=(), directive="", due_on=None)
start_work(actor, document) · finish(actor, document, note, dossier_id=None, dossier_title="")
"""
