"""The hand-kept description of the native door, served at `/openapi.json`.

A test holds its paths to the routes of `app.py`. The prose is in docs/reference/hub-api.md.
"""

from __future__ import annotations

from typing import Any

from lienthong.core.edxml import DeliveryState
from lienthong.core.errors import Problem

from . import problems


def _refusal(*kinds: type[Problem]) -> dict[str, Any]:
    """The answers that refuse, by status."""
    found: dict[str, Any] = {}
    for kind in kinds:
        entry = found.setdefault(
            str(kind.status),
            {
                "description": "",
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        )
        entry["description"] = ", ".join(filter(None, [entry["description"], f"`{kind.code}`"]))
    return found


def _json(description: str, schema: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _binary(description: str, media_type: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {media_type: {"schema": {"type": "string", "format": "binary"}}},
    }


def _id(text: str) -> dict[str, Any]:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": text,
        "schema": {"type": "string", "format": "uuid"},
    }


def _header(name: str, text: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": text,
        "schema": {"type": "string"},
    }


def _query(name: str, text: str, default: int) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": text,
        "schema": {"type": "number", "default": default, "minimum": 0},
    }


_SIGNED: list[dict[str, list[str]]] = [{"httpMessageSignature": []}]
_STRING = {"type": "string"}
_CODE = {"type": "string", "maxLength": 35}

_STATE = {"enum": ["QUEUED", "FETCHED", "DELIVERED", "FAILED", "DEAD", "WITHDRAWN"]}
_MOMENT = {"type": "string", "format": "date-time"}
_UUID = {"type": "string", "format": "uuid"}

_SHA256: dict[str, Any] = {
    "name": "sha256",
    "in": "path",
    "required": True,
    "description": "Of the whole packet, lower-case hex",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}

_SCHEMAS: dict[str, Any] = {
    "UploadWanted": {
        "type": "object",
        "required": ["sha256", "size"],
        "properties": {"sha256": _STRING, "size": {"type": "integer", "minimum": 1}},
    },
    "Upload": {
        "type": "object",
        "properties": {
            "sha256": _STRING,
            "size": {"type": "integer"},
            "chunk_bytes": {"type": "integer"},
            "missing": {
                "type": "array",
                "description": "Byte ranges; `to` is the first byte behind",
                "items": {
                    "type": "object",
                    "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}},
                },
            },
            "expires_at": _MOMENT,
        },
    },
    "Problem": {
        "type": "object",
        "required": ["code", "status", "text", "facts"],
        "properties": {
            "code": _STRING,
            "status": {"type": "integer"},
            "text": {"type": "string", "description": "One Vietnamese sentence."},
            "facts": {"type": "object"},
            "findings": {"type": "array", "items": {"$ref": "#/components/schemas/Finding"}},
        },
    },
    "Finding": {
        "type": "object",
        "properties": {
            "rule": {"type": "string", "examples": ["V-16"]},
            "severity": {"enum": ["T", "B", "W"]},
            "where": _STRING,
            "text": _STRING,
            "wire_code": {"type": "integer"},
        },
    },
    "Receipt": {
        "type": "object",
        "properties": {
            "packet_id": {"type": "string", "format": "uuid"},
            "sha256": _STRING,
            "received_at": {"type": "string", "format": "date-time"},
            "recipients": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "code": _CODE,
                        "state": _STATE,
                    },
                },
            },
            "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/Finding"}},
            "receipt": {"type": "string", "description": "JWS, ES256, egov-receipt+jws."},
            "log": {
                "type": "object",
                "properties": {
                    "index": {"type": "integer"},
                    "size": {"type": "integer"},
                    "proof": {"type": "array", "items": _STRING},
                    "checkpoint": {"type": "string", "description": "C2SP signed note."},
                },
            },
        },
    },
    "Inbox": {
        "type": "object",
        "properties": {
            "deliveries": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "delivery_id": {"type": "string", "format": "uuid"},
                        "packet_id": {"type": "string", "format": "uuid"},
                        "kind": {"enum": ["edoc", "status"]},
                        "sender": _CODE,
                        "recipient": _CODE,
                        "urgency": {"type": "integer", "minimum": 0, "maximum": 4},
                        "size": {"type": "integer"},
                        "sha256": _STRING,
                        "received_at": {"type": "string", "format": "date-time"},
                        "attempts": {"type": "integer"},
                    },
                },
            }
        },
    },
    "Circulation": {
        "type": "object",
        "properties": {
            "document_id": _STRING,
            "places": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "sender": _CODE,
                        "recipient": _CODE,
                        "state": {"enum": [state.value for state in DeliveryState]},
                        "before": _STRING,
                        "ask": {"enum": ["", "recall", "update", "replacement"]},
                        "reason": _STRING,
                        "asked_at": _MOMENT,
                        "answer_by": _MOMENT,
                        "answered_at": _MOMENT,
                        "replaced_by": _STRING,
                    },
                },
            },
            "events": {"type": "array", "items": {"type": "object"}},
        },
    },
    "Lateness": {
        "type": "object",
        "properties": {
            "lateness": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "rule": {"enum": ["DX-09", "DX-10", "DX-22", "DX-36"]},
                        "document_id": _STRING,
                        "agency": _CODE,
                        "waiting": _CODE,
                        "started_at": _MOMENT,
                        "due_at": _MOMENT,
                        "raised_at": _MOMENT,
                        "ended_at": _MOMENT,
                    },
                },
            }
        },
    },
    "DeadLetters": {
        "type": "object",
        "properties": {
            "dead_letters": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "delivery_id": _UUID,
                        "packet_id": _UUID,
                        "kind": {"enum": ["edoc", "status"]},
                        "sender": _CODE,
                        "recipient": _CODE,
                        "urgency": {"type": "integer", "minimum": 0, "maximum": 4},
                        "state": _STATE,
                        "attempts": {"type": "integer"},
                        "given_up_at": _MOMENT,
                        "document_id": _STRING,
                        "reference": _STRING,
                        "received_at": _MOMENT,
                    },
                },
            }
        },
    },
    "Acknowledgement": {
        "type": "object",
        "required": ["receipt"],
        "properties": {"receipt": {"type": "string", "description": "JWS by the node's key."}},
    },
    "Object": {"type": "object"},
}

_PATHS: dict[str, Any] = {
    "/v1/packets": {
        "post": {
            "summary": "Hand a packet over; answered once it is durable",
            "security": _SIGNED,
            "parameters": [
                _header("Packet-Signature", "`:base64:` of the detached CAdES signature"),
                _header("Packet-Kind", "`edoc` or `status`"),
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/edxml+xml": {"schema": {"type": "string", "format": "binary"}}
                },
            },
            "responses": {
                "201": _json("Taken in", "Receipt"),
                "200": _json("These bytes were taken in before: the first receipt", "Receipt"),
                **_refusal(
                    problems.HeaderMissing,
                    problems.RequestReplayed,
                    problems.SenderUnknown,
                    problems.SenderNotOfNode,
                    problems.DocumentIdUsed,
                    problems.PacketTooLarge,
                    problems.DigestMismatch,
                    problems.PacketSignatureInvalid,
                    problems.RecipientUnknown,
                    problems.RecipientLocked,
                    problems.SecretContent,
                    problems.DocumentUnsigned,
                    problems.DocumentSignatureInvalid,
                    problems.HubBusy,
                    problems.HubStoreFailed,
                    problems.HubStorageFull,
                ),
            },
        }
    },
    "/v1/uploads": {
        "post": {
            "summary": "Begin a packet that comes in chunks, or learn how far it is",
            "security": _SIGNED,
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/UploadWanted"}}
                },
            },
            "responses": {
                "201": _json("Begun", "Upload"),
                "200": _json("Begun before", "Upload"),
                **_refusal(
                    problems.HeaderMissing,
                    problems.PacketTooLarge,
                    problems.HubBusy,
                    problems.HubStorageFull,
                ),
            },
        }
    },
    "/v1/uploads/{sha256}": {
        "get": {
            "summary": "What of an upload is still missing",
            "security": _SIGNED,
            "parameters": [_SHA256],
            "responses": {
                "200": _json("The upload", "Upload"),
                **_refusal(problems.UploadNotFound),
            },
        },
        "delete": {
            "summary": "Give an upload up",
            "security": _SIGNED,
            "parameters": [_SHA256],
            "responses": {"204": {"description": "Gone, also when there was none"}},
        },
    },
    "/v1/uploads/{sha256}/{offset}": {
        "put": {
            "summary": "One chunk at its offset; answered once it is on the disk; may be repeated",
            "security": _SIGNED,
            "parameters": [
                _SHA256,
                {
                    "name": "offset",
                    "in": "path",
                    "required": True,
                    "description": "A multiple of chunk_bytes",
                    "schema": {"type": "integer", "minimum": 0},
                },
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
                },
            },
            "responses": {
                "200": _json("Kept", "Upload"),
                **_refusal(
                    problems.UploadNotFound,
                    problems.DigestMismatch,
                    problems.ChunkWrong,
                    problems.PacketTooLarge,
                    problems.HubBusy,
                    problems.HubStorageFull,
                ),
            },
        }
    },
    "/v1/uploads/{sha256}/packet": {
        "post": {
            "summary": "Hand over the packet whose chunks are all here; answers as /v1/packets",
            "security": _SIGNED,
            "parameters": [
                _SHA256,
                _header("Packet-Signature", "`:base64:` of the detached CAdES signature"),
                _header("Packet-Kind", "`edoc` or `status`"),
            ],
            "responses": {
                "201": _json("Taken in", "Receipt"),
                "200": _json("These bytes were taken in before: the first receipt", "Receipt"),
                **_refusal(
                    problems.UploadNotFound,
                    problems.UploadIncomplete,
                    problems.DigestMismatch,
                    problems.DocumentTooLarge,
                    problems.HubBusy,
                    problems.HubStoreFailed,
                ),
            },
        }
    },
    "/v1/packets/{id}": {
        "get": {
            "summary": "A packet sent or received, with the state of each recipient",
            "security": _SIGNED,
            "parameters": [_id("packet_id")],
            "responses": {
                "200": _json("The packet", "Object"),
                **_refusal(problems.PacketNotFound),
            },
        }
    },
    "/v1/packets/{id}/circulation": {
        "get": {
            "summary": "Where the document stands at each receiver, its requests and events",
            "security": _SIGNED,
            "parameters": [_id("packet_id")],
            "responses": {
                "200": _json("The circulation", "Circulation"),
                **_refusal(problems.PacketNotFound),
            },
        }
    },
    "/v1/lateness": {
        "get": {
            "summary": "What is or was late of the caller's agencies, or towards them",
            "security": _SIGNED,
            "responses": {"200": _json("Clocks that ran out, the newest first", "Lateness")},
        }
    },
    "/v1/receipts/{id}": {
        "get": {
            "summary": "The first receipt again, proved under the newest checkpoint",
            "security": _SIGNED,
            "parameters": [_id("packet_id")],
            "responses": {
                "200": _json("The receipt", "Receipt"),
                **_refusal(problems.PacketNotFound),
            },
        }
    },
    "/v1/inbox": {
        "get": {
            "summary": "What waits for the agencies of the calling node, by urgency lanes",
            "security": _SIGNED,
            "parameters": [
                _query("wait", "Seconds to wait for something, at most 55", 0),
                _query("limit", "At most 200", 50),
            ],
            "responses": {"200": _json("Deliveries, each away for its lease", "Inbox")},
        }
    },
    "/v1/dead-letters": {
        "get": {
            "summary": "What could not be delivered to or from the caller's agencies",
            "security": _SIGNED,
            "responses": {"200": _json("Dead letters, the newest first", "DeadLetters")},
        }
    },
    "/v1/deliveries/{id}/packet": {
        "get": {
            "summary": "The bytes of a packet as they were taken in",
            "security": _SIGNED,
            "parameters": [_id("delivery_id")],
            "responses": {
                "200": _binary(
                    "The packet; headers Packet-Signature, Packet-Sha256, Packet-Kind",
                    "application/edxml+xml",
                ),
                "206": _binary(
                    "The range asked for (`Range: bytes=from-to`)", "application/edxml+xml"
                ),
                **_refusal(
                    problems.DeliveryNotFound,
                    problems.RangeNotSatisfiable,
                    problems.ContentDamaged,
                ),
            },
        }
    },
    "/v1/deliveries/{id}/ack": {
        "post": {
            "summary": "Hand over the signed acknowledgement; may be repeated",
            "security": _SIGNED,
            "parameters": [_id("delivery_id")],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Acknowledgement"}}
                },
            },
            "responses": {
                "200": _json("Delivered; the first acknowledgement", "Object"),
                **_refusal(problems.DeliveryNotFound, problems.ReceiptInvalid),
            },
        }
    },
    "/v1/participants": {
        "get": {
            "summary": "The agencies of the directory and their nodes",
            "security": _SIGNED,
            "responses": {"200": _json("Participants", "Object")},
        }
    },
    "/v1/registry/head": {
        "get": {
            "summary": "Where the registry of agencies stands, signed by the axis (JWS)",
            "responses": {"200": _json("The signed head", "Object")},
        }
    },
    "/v1/registry/changes": {
        "get": {
            "summary": "Changes of the registry after a number",
            "parameters": [
                {
                    "name": "after",
                    "in": "query",
                    "description": "The number of the last change the caller has",
                    "schema": {"type": "integer", "minimum": 0, "default": 0},
                }
            ],
            "responses": {"200": _json("Changes in their order", "Object")},
        }
    },
    "/v1/log/{path}": {
        "get": {
            "summary": "The exchange log for everybody (C2SP tlog-tiles)",
            "parameters": [
                {
                    "name": "path",
                    "in": "path",
                    "required": True,
                    "description": "`checkpoint`, `tile/<level>/<index>`, `tile/entries/<index>`, "
                    "each tile also as `.p/<width>`; `witnessed`, `timestamps`, `rows`, `key`",
                    "schema": _STRING,
                }
            ],
            "responses": {
                "200": _binary("Hashes, or entries", "application/octet-stream"),
                **_refusal(problems.PathNotFound),
            },
        }
    },
    "/pki/bundle": {
        "get": {
            "summary": "Roots, intermediates, revocation lists and the log's key, as one ZIP",
            "responses": {"200": _binary("The trust bundle", "application/zip")},
        }
    },
    "/health": {
        "get": {
            "summary": "Whether the hub and its database answer",
            "responses": {"200": _json("Well", "Object"), **_refusal(problems.HubStoreFailed)},
        }
    },
    "/metrics": {
        "get": {
            "summary": "Figures for Prometheus",
            "responses": {"200": {"description": "Text", "content": {"text/plain": {}}}},
        }
    },
    "/openapi.json": {
        "get": {
            "summary": "This description",
            "responses": {"200": _json("OpenAPI 3.1", "Object")},
        }
    },
}

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Liên Thông: the axis of document exchange",
        "version": "1",
        "description": "Every problem has a code that never changes and a Vietnamese sentence.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "paths": _PATHS,
    "components": {
        "schemas": _SCHEMAS,
        "securitySchemes": {
            "httpMessageSignature": {
                "type": "apiKey",
                "in": "header",
                "name": "Signature",
                "description": "RFC 9421 with ecdsa-p256-sha256 by the node's key over @method,"
                " @path, @query, content-digest; for packets also packet-signature, packet-kind.",
            }
        },
    },
}
