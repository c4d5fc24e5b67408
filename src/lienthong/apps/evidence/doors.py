"""Logs and witness over HTTP, for the ASGI applications of a node (C2SP tlog-tiles, tlog-witness).

The answers are made here; which threads ask the database is the application's matter (`Run`).
"""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lienthong.apps.evidence import rules, sources, stamping, submission, witnessing
from lienthong.apps.evidence.models import Incident
from lienthong.core import tlog
from lienthong.core.errors import Problem
from lienthong.core.signing.log_audit import Rows

Run = Callable[[Callable[[], Any]], Awaitable[Any]]
INCIDENTS_TOLD = 100
_FRESH = {"Cache-Control": "public, max-age=2"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_NEVER = {"Cache-Control": "no-store"}


def log_answer(log: sources.LogSource, name: str, path: str, accepts: str) -> Response:
    """What lies at `path` below the address of a log. Raises LogNotFound, TilePathInvalid.

    accepts: the request's Accept-Encoding.
    """
    if path == "checkpoint":
        return checkpoint_answer(submission.witnessed(name, log.head()))
    if path == "witnessed":
        return checkpoint_answer(submission.largest_witnessed(name))
    if path == "key":
        return PlainTextResponse(f"{log.key()}\n", headers=_FRESH)
    if path == "rows":
        return rows_answer(log.rows())
    if path == "timestamps":
        return json_answer({"timestamps": stamping.stamps_of(name)})
    return tile_answer(log, path, accepts)


def checkpoint_answer(note: str) -> Response:
    if not note:
        raise rules.LogNotFound
    return PlainTextResponse(note, headers=_FRESH)


def rows_answer(rows: Rows) -> Response:
    facts = {"size": rows.size, "rows": rows.rows, "waiting": rows.waiting, "false": rows.false}
    return json_answer(facts)


def json_answer(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), headers=_NEVER, media_type="application/json")


def tile_answer(log: sources.LogSource, path: str, accepts: str) -> Response:
    """A tile or an entry bundle, whole or partial. Raises LogNotFound, TilePathInvalid."""
    level, index, width = tlog.parse_tile_path(path)
    if level is not None:
        found = log.read(level, index)[: width * 32]
        if len(found) != width * 32:
            raise rules.LogNotFound
        return Response(found, headers=_FOREVER, media_type="application/octet-stream")
    first = index * tlog.TILE_WIDTH
    if first + width > log.head().size:
        raise rules.LogNotFound
    bundle = tlog.entry_bundle(log.entries(first, width))
    headers = {**_FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in accepts:
        bundle, headers["Content-Encoding"] = gzip.compress(bundle, 1), "gzip"
    return Response(bundle, headers=headers, media_type="application/octet-stream")


def incidents_about(origin: str) -> dict[str, Any]:
    """What this node found while reading a log of another, for its owner."""
    found = Incident.objects.filter(origin=origin, closed_at=None, reporter="")[:INCIDENTS_TOLD]
    return {
        "incidents": [
            {
                "kind": each.kind,
                "text": each.text,
                "entry": each.entry,
                "found_at": each.found_at.isoformat(),
            }
            for each in found
        ]
    }


def routes(run: Run) -> list[Route]:
    """The doors of this node: its journal's log, and itself as a witness."""

    async def get_log(request: Request) -> Response:
        name, path = request.path_params["log"], request.path_params["path"]
        accepts = request.headers.get("accept-encoding", "")
        return await answered(run, lambda: log_answer(sources.source(name), name, path, accepts))

    async def post_checkpoint(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return refusal(tlog.WitnessRequestInvalid(reason="quá dài"))
        return await answered(
            run, lambda: PlainTextResponse(witnessing.add_checkpoint(body), headers=_NEVER)
        )

    async def get_incidents(request: Request) -> Response:
        origin = request.query_params.get("origin", "")
        return await answered(run, lambda: json_answer(incidents_about(origin)))

    async def get_key(request: Request) -> Response:
        return await answered(
            run, lambda: PlainTextResponse(f"{witnessing.own_key()}\n", headers=_FRESH)
        )

    return [
        Route("/v1/logs/{log}/{path:path}", get_log, methods=["GET"]),
        Route("/v1/witness/add-checkpoint", post_checkpoint, methods=["POST"]),
        Route("/v1/witness/incidents", get_incidents, methods=["GET"]),
        Route("/v1/witness/key", get_key, methods=["GET"]),
    ]


async def answered(run: Run, make: Callable[[], Response]) -> Response:
    """The answer, or the refusal in the form of the standard."""
    try:
        answer: Response = await run(make)
    except Problem as problem:
        return refusal(problem)
    return answer


def refusal(problem: Problem) -> Response:
    if isinstance(problem, tlog.WitnessedSizeDiffers):
        return Response(
            f"{problem.facts['size']}\n",
            problem.status,
            {**_NEVER, "Content-Type": "text/x.tlog.size"},
        )
    return Response(
        orjson.dumps(problem.to_json()),
        problem.status,
        _NEVER,
        media_type="application/problem+json",
    )


async def _body(request: Request) -> bytes | None:
    """The body of a request to a witness; None when it is longer than any."""
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > tlog.REQUEST_SIZE_MAX_BYTES:
            return None
    return content
