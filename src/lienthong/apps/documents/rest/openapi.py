"""The description of the REST interface, served at `/van-ban/api/v1/openapi.json`.

Kept by hand; a test holds its paths and scopes to the addresses. docs/reference/desk-api.md says
the same in prose.
"""

from __future__ import annotations

from typing import Any

from lienthong.apps.documents.rest.tokens import A_MINUTE_MAX, SCOPES

BASE = "/van-ban/api/v1"
_PROBLEM = {
    "description": "A refusal: stable code, Vietnamese sentence, facts.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _query(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}


def _path(name: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": kind}}


def _header(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}


_PAGE = [
    _query("after", "`next` of the page before"),
    _query("limit", "1 to 200, 50 when not given"),
    _query("state", "only documents in this state"),
]
_WRITES = [
    _header("Idempotency-Key", "the same key and body again: the same answer, done once"),
    _header("If-Match", "the ETag that was read; another version answers 412"),
]
_ID = _path("id")


def _act(
    scope: str,
    text: str,
    answer: str,
    *parameters: dict[str, Any],
    body: str = "",
    status: str = "200",
) -> dict[str, Any]:
    """One operation. answer: a schema, or a media type of bytes."""
    content: dict[str, Any] = {"application/json": {"schema": _ref(answer)}}
    if "/" in answer:
        content = {answer: {"schema": {"type": "string", "format": "binary"}}}
    told: dict[str, Any] = {
        "summary": text,
        "security": [{"token": [scope]}],
        "parameters": list(parameters),
        "responses": {status: {"description": text, "content": content}, "default": _PROBLEM},
    }
    if body:
        content = {"application/json": {"schema": _ref(body)}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: str, **fields: str) -> dict[str, Any]:
    """A schema; a field's type ends in "?" when it may be null."""
    properties: dict[str, Any] = {}
    for name, kind in fields.items():
        bare = kind.removesuffix("?")
        types = [bare, "null"] if kind != bare else bare
        properties[name] = _ref(bare) if bare[0].isupper() else {"type": types}
    return {"type": "object", "required": required.split(), "properties": properties}


_SUMMARY = {
    "id": "string", "kind": "string", "state": "string", "document_id": "string",
    "number": "string", "notation": "string", "issued_on": "string?", "type_name": "string",
    "subject": "string", "urgency": "integer",
}  # fmt: skip
_SCHEMAS: dict[str, Any] = {
    "Problem": _object("code status text", code="string", status="integer", text="string",
                       facts="object"),
    "Summary": _object("id kind state subject", **_SUMMARY),
    "Page": _object("items next", items="array", next="string?"),
    "Incoming": _object(
        "id kind state subject files", **_SUMMARY, sender="object", arrived_at="string",
        arrival_number="integer?", due_at="string?", signer="object", legal_value="string",
        register_by="string", registered_at="string?", completed_at="string?",
        lead_seat="integer?", directive="string", result_note="string", files="array",
    ),
    "Outgoing": _object(
        "id kind state subject deliveries", **_SUMMARY, created_at="string",
        dispatched_at="string?", due_on="string?", sha256="string", signed_at="string?",
        sealed_at="string?", return_reason="string", refusal="object?", deliveries="array",
    ),
    "Direct": _object("lead_seat", lead_seat="integer", supporting_seats="array",
                      directive="string", due_on="string"),
    "Finish": _object("note", note="string", dossier="integer", dossier_title="string"),
    "Draft": _object(
        "type_code subject recipients form signatory_seat reviewer_seat", type_code="integer",
        subject="string", urgency="integer", recipients="array", form="object", due_on="string",
        signatory_seat="integer", reviewer_seat="integer",
    ),
}  # fmt: skip
_READ, _REGISTER, _DIRECT, _DRAFT, _SEARCH = (
    "documents.read",
    "documents.register",
    "documents.direct",
    "documents.draft",
    "documents.search",
)
_RANGE = _header("Range", "one range of bytes")

PATHS: dict[str, dict[str, Any]] = {
    "/incoming": {"get": _act(_READ, "Incoming documents, newest first", "Page", *_PAGE)},
    "/incoming/{id}": {"get": _act(_READ, "One incoming document", "Incoming", _ID)},
    "/incoming/{id}/register": {
        "post": _act(_REGISTER, "Register: arrival number, status 03", "Incoming", _ID, *_WRITES)
    },
    "/incoming/{id}/direct": {
        "post": _act(_DIRECT, "Give to a lead", "Incoming", _ID, *_WRITES, body="Direct")
    },
    "/incoming/{id}/start": {"post": _act(_DIRECT, "Begin work", "Incoming", _ID, *_WRITES)},
    "/incoming/{id}/finish": {
        "post": _act(_DIRECT, "Finish and file", "Incoming", _ID, *_WRITES, body="Finish")
    },
    "/incoming/{id}/files/{position}": {
        "get": _act(
            _READ, "A file", "application/octet-stream", _ID, _path("position", "integer"), _RANGE
        )
    },
    "/outgoing": {
        "get": _act(_READ, "Outgoing documents, newest first", "Page", *_PAGE),
        "post": _act(
            _DRAFT, "A new draft", "Outgoing", _WRITES[0], body="Draft", status="201"
        ),
    },
    "/outgoing/{id}": {
        "get": _act(_READ, "One outgoing document with its deliveries", "Outgoing", _ID),
        "put": _act(_DRAFT, "The draft anew; needs If-Match", "Outgoing", _ID, *_WRITES,
                    body="Draft"),
    },
    "/outgoing/{id}/submit": {
        "post": _act(_DRAFT, "Submit for review", "Outgoing", _ID, *_WRITES)
    },
    "/outgoing/{id}/file": {
        "get": _act(_READ, "The newest file", "application/pdf", _ID, _RANGE)
    },
    "/search": {
        "get": _act(
            _SEARCH, "Search as on the page", "Page", _query("q", "words and operators"), _PAGE[0]
        )
    },
}  # fmt: skip

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Liên Thông: the document desk",
        "version": "1",
        "description": f"Tokens act from a seat, within scopes; {A_MINUTE_MAX} requests a minute.",
    },
    "servers": [{"url": BASE}],
    "paths": PATHS,
    "components": {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": ", ".join(SCOPES)}
        },
        "schemas": _SCHEMAS,
    },
}
