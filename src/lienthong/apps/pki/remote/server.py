"""TEST SERVER: the CSC API v2 over HTTP, a Starlette app.

    app = make_app(SigningService("http://127.0.0.1:8090"))

Requests and answers are JSON; oauth2/token takes a form with HTTP Basic, as OAuth 2 says.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lienthong.apps.pki.remote.service import Answer, Body, CSCError, SigningService
from lienthong.apps.pki.remote.store import Token
from lienthong.core.errors import Problem

BODY_MAX_BYTES = 64 * 1024


def make_app(service: SigningService) -> Starlette:
    """The app of one service."""
    called: dict[str, Callable[[Token, Body], Answer]] = {
        "credentials/list": service.credentials_list,
        "credentials/info": service.credentials_info,
        "credentials/authorize": service.credentials_authorize,
        "signatures/signHash": service.sign_hash,
        "signatures/timestamp": lambda _caller, body: service.timestamp(body),
    }

    async def info(request: Request) -> JSONResponse:
        return await _answered(lambda body: service.info(_object(body)), request)

    async def token(request: Request) -> JSONResponse:
        client_id, secret = _basic(request)
        proof = request.headers.get("DPoP", "")
        return await _answered(
            lambda body: service.token(_form(body), client_id, secret, proof), request
        )

    def endpoint(method: str) -> Callable[[Request], Any]:
        async def run(request: Request) -> JSONResponse:
            kind, _, access = request.headers.get("Authorization", "").partition(" ")
            proof = request.headers.get("DPoP", "")

            def work(body: bytes) -> Answer:
                if kind != "DPoP":
                    text = "The access token must be sent as DPoP."
                    raise CSCError("invalid_token", text, 401)
                caller = service.caller(access, proof, method)
                return called[method](caller, _object(body))

            return await _answered(work, request)

        return run

    routes = [
        Route("/csc/v2/info", info, methods=["POST"]),
        Route("/csc/v2/oauth2/token", token, methods=["POST"]),
        *(Route(f"/csc/v2/{name}", endpoint(name), methods=["POST"]) for name in called),
    ]
    return Starlette(routes=routes)


async def _answered(work: Callable[[bytes], Answer], request: Request) -> JSONResponse:
    """Do the work in a thread; errors of the API become its JSON, a failing key a 500."""
    try:
        body = await _body(request)
        return JSONResponse(await run_in_threadpool(work, body))
    except CSCError as error:
        headers = {"WWW-Authenticate": f'DPoP error="{error.error}"'} if error.status == 401 else {}
        return JSONResponse(error.to_json(), error.status, headers)
    except Problem as problem:  # the key behind a credential failed: a token removed, for instance
        return JSONResponse(
            {"error": "server_error", "error_description": problem.code}, problem.status
        )


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > BODY_MAX_BYTES:
            raise CSCError("invalid_request", "The request is too large", 413)
    return bytes(found)


def _object(body: bytes) -> Body:
    try:
        found = json.loads(body or b"{}")
        json.dumps(found, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise CSCError("invalid_request", "The request is not JSON") from error
    if not isinstance(found, dict):
        raise CSCError("invalid_request", "The request is not a JSON object")
    return found


def _form(body: bytes) -> dict[str, str]:
    try:
        found = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=20)
    except ValueError as error:
        raise CSCError("invalid_request", "The request is not a form") from error
    if any(len(values) != 1 for values in found.values()):
        raise CSCError("invalid_request", "A parameter is given twice")
    return {name: values[0] for name, values in found.items()}


def _basic(request: Request) -> tuple[str, str]:
    """Client id and secret of HTTP Basic; empty when there are none."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return "", ""
    return unquote(name), unquote(secret)
