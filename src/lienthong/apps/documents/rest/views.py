"""What other software may read and do, by the queries and actions of the pages."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from lienthong.apps.accounts.api import Actor
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.incoming import acting, directing, handling, registering
from lienthong.apps.documents.incoming import queries as incoming_queries
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument
from lienthong.apps.documents.outgoing import drafting, reviewing
from lienthong.apps.documents.outgoing import queries as outgoing_queries
from lienthong.apps.documents.rest import openapi, shapes
from lienthong.apps.documents.rest.door import body_of, check_version, etag_of, json_answer
from lienthong.apps.documents.rest.problems import BodyInvalid, RangeWrong
from lienthong.apps.documents.search import language
from lienthong.apps.documents.search.find import find
from lienthong.apps.files import api as files

LIMIT, LIMIT_MAX = 50, 200
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def description(_request: HttpRequest) -> HttpResponse:
    """The OpenAPI description; anybody may read it."""
    return json_answer(openapi.DESCRIPTION)


def incoming_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _list(request, incoming_queries.incoming_visible_to(actor), "arrived_at")


def outgoing_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _list(request, outgoing_queries.outgoing_visible_to(actor), "created_at")


def _list(request: HttpRequest, visible: QuerySet[Any], order: str) -> HttpResponse:
    """A page, newest first; `after` is the `next` of the page before."""
    if state := request.GET.get("state"):
        visible = visible.filter(state=state)
    if after := request.GET.get("after"):
        at, key = _cursor(after)
        visible = visible.filter(
            Q(**{f"{order}__lt": at}) | Q(**{order: at, "pk__lt": key}), **{f"{order}__lte": at}
        )
    limit = _limit(request)
    rows = list(visible.order_by(f"-{order}", "-pk")[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return json_answer(
        {
            "items": [shapes.summary(one) for one in rows[:limit]],
            "next": f"{getattr(last, order).isoformat()}_{last.pk.hex}" if last else None,
        }
    )


def _limit(request: HttpRequest) -> int:
    asked = request.GET.get("limit", str(LIMIT))
    if not asked.isdecimal() or not 1 <= int(asked) <= LIMIT_MAX:
        raise BodyInvalid(reason=f"limit từ 1 đến {LIMIT_MAX}")
    return int(asked)


def _cursor(value: str) -> tuple[datetime, UUID]:
    at, _, key = value.partition("_")
    try:
        return datetime.fromisoformat(at.replace(" ", "+")), UUID(hex=key)
    except ValueError:
        raise BodyInvalid(reason="after") from None


def incoming_one(_request: HttpRequest, actor: Actor, pk: UUID) -> HttpResponse:
    return _incoming(incoming_queries.incoming(actor, pk))


def _incoming(document: IncomingDocument) -> HttpResponse:
    fresh = IncomingDocument.objects.get(pk=document.pk)
    return json_answer(shapes.incoming(fresh), etag=etag_of(fresh))


def outgoing_one(_request: HttpRequest, actor: Actor, pk: UUID) -> HttpResponse:
    return _outgoing(outgoing_queries.outgoing(actor, pk))


def _outgoing(document: OutgoingDocument, status: int = 200) -> HttpResponse:
    fresh = OutgoingDocument.objects.get(pk=document.pk)
    return json_answer(shapes.outgoing(fresh), status, etag_of(fresh))


def _incoming_to_change(request: HttpRequest, actor: Actor, pk: UUID) -> IncomingDocument:
    """The document, locked, in the version that was read."""
    document = acting.locked(incoming_queries.incoming(actor, pk))
    check_version(request, document)
    return document


def register(request: HttpRequest, actor: Actor, pk: UUID) -> HttpResponse:
    return _incoming(registering.accept(actor, _incoming_to_change(request, actor, pk)))


def direct(request: HttpRequest, actor: Actor, pk: UUID) -> HttpResponse:
    wanted = shapes.read(shapes.DirectBody, body_of(request))
    return _incoming(
        directing.assign(
            actor,
            _incoming_to_change(request, actor, pk),
            lead_seat_id=wanted["lead_seat"],
            supporting_seat_ids=shapes.whole_numbers(
                wanted["supporting_seats"], "supporting_seats"
            ),
            directive=wanted["directive"],
            due_on=wanted["due_on"],
        )
    )


def start(request: HttpRequest, actor: Actor, pk: UUID) -> HttpResponse:
    return _incoming(handling.start_work(actor, _incoming_to_change(request, actor, pk)))


def finish(request: HttpRequest, actor: Actor, pk: UUID) -> HttpResponse:
    wanted = shapes.read(shapes.FinishBody, body_of(request))
    return _incoming(
        handling.finish(
            actor,
            _incoming_to_change(request, actor, pk),
            wanted["note"],
            dossier_id=wanted["dossier"],
            dossier_title=wanted["dossier_title"],
        )
    )


def draft(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new draft by the form of Decree 30."""
    return _outgoing(drafting.draft_from_form(actor, **_header(request)), 201)


def change(request: HttpRequest, actor: Actor, pk: UUID) -> HttpResponse:
    """The draft with everything in it as the body says; If-Match is needed."""
    document = drafting.locked(outgoing_queries.outgoing(actor, pk))
    check_version(request, document, required=True)
    return _outgoing(drafting.update_draft(actor, document, **_header(request)))


def submit(request: HttpRequest, actor: Actor, pk: UUID) -> HttpResponse:
    document = drafting.locked(outgoing_queries.outgoing(actor, pk))
    check_version(request, document)
    return _outgoing(reviewing.submit_for_review(actor, document))


def _header(request: HttpRequest) -> dict[str, Any]:
    wanted = shapes.read(shapes.DraftBody, body_of(request))
    if not isinstance(wanted["form"], dict):
        raise BodyInvalid(reason="trường form")
    codes = wanted["recipients"]
    if not isinstance(codes, list) or not all(isinstance(one, str) for one in codes):
        raise BodyInvalid(reason="trường recipients")
    known = [directory.find(code) for code in codes]
    if None in known:
        raise BodyInvalid(reason=f"nơi nhận {codes[known.index(None)]}")
    return {
        "type_code": wanted["type_code"],
        "subject": wanted["subject"],
        "urgency": wanted["urgency"] or 0,
        "recipients": [one.pk for one in known if one],
        "form": wanted["form"],
        "due_on": wanted["due_on"],
        "signatory_seat_id": wanted["signatory_seat"],
        "reviewer_seat_id": wanted["reviewer_seat"],
    }


def incoming_file(request: HttpRequest, actor: Actor, pk: UUID, position: int) -> HttpResponse:
    document = incoming_queries.incoming(actor, pk)
    _, content_type, data = incoming_queries.attachment(document, position)
    return _bytes(request, data, content_type)


def outgoing_file(request: HttpRequest, actor: Actor, pk: UUID) -> HttpResponse:
    document = outgoing_queries.outgoing(actor, pk)
    return _bytes(request, files.get(document.pdf_sha256), "application/pdf")


def _bytes(request: HttpRequest, data: bytes, content_type: str) -> HttpResponse:
    """The file, or the one range of it that is asked for."""
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    begin, end, status = 0, len(data) - 1, 200
    if asked and (asked[1] or asked[2]):
        begin = int(asked[1]) if asked[1] else max(0, len(data) - int(asked[2]))
        end = min(int(asked[2]), end) if asked[1] and asked[2] else end
        if begin > end:
            raise RangeWrong
        status = 206
    answer = HttpResponse(data[begin : end + 1], content_type, status)
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Content-Disposition"] = "attachment"
    if status == 206:
        answer.headers["Content-Range"] = f"bytes {begin}-{end}/{len(data)}"
    return answer


def search(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the search page finds; `after` is the `next` of the page before."""
    query = language.parse(request.GET.get("q", "")[:300], timezone.localdate())
    on, _, key = request.GET.get("after", "").partition("_")
    try:
        after = (date.fromisoformat(on), UUID(hex=key)) if on else None
    except ValueError:
        raise BodyInvalid(reason="after") from None
    found = find(actor, query, after)
    more = f"{found.after[0].isoformat()}_{found.after[1].hex}" if found.after else None
    return json_answer(
        {
            "items": [shapes.summary(one) for one in found.documents],
            "next": more,
            "is_forgiving": found.is_forgiving,
        }
    )
