"""What the pages offer to do: one panel for one move, as data, and the buckets of the work desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents import copies, forms, queries
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument
from lienthong.apps.pki import api as pki
from lienthong.apps.pki.api import KeyKind
from lienthong.core.signing import DocumentReport, SignatureReport, SignerCard
from lienthong.core.signing.validate import signer_card

Document = IncomingDocument | OutgoingDocument
MakeForm = Callable[[Actor, Any], django_forms.Form]


@dataclass(frozen=True, slots=True)
class Offer:
    """How a move looks on the page."""

    page: str
    label: Any
    hint: Any
    button: Any
    icon: str
    form: MakeForm | None = None
    is_link: bool = False
    is_bad: bool = False
    signs_as: KeyKind | None = None


@dataclass(frozen=True, slots=True)
class KeyCard:
    """The key that will sign, as its certificate says (SG-S-04), and whether it may (SG-S-03)."""

    card: SignerCard
    state: pki.KeyState
    state_text: str
    where: str


@dataclass(frozen=True, slots=True)
class Panel:
    """An offer for one document, with its form."""

    move: str
    offer: Offer
    url: str
    form: django_forms.Form | None
    key: KeyCard | None


OUTGOING: dict[str, Offer] = {
    "submit": Offer(
        "documents:outgoing_submit",
        _("Trình duyệt"),
        _("Chuyển dự thảo tới người duyệt. Sau đó chỉ sửa được khi bị trả lại."),
        _("Trình duyệt"),
        "send",
    ),
    "edit": Offer(
        "documents:outgoing_edit", _("Sửa dự thảo"), "", _("Sửa"), "pencil-square", is_link=True
    ),
    "approve": Offer(
        "documents:outgoing_approve",
        _("Duyệt"),
        _("Đồng ý về nội dung và thể thức; chuyển tới người ký."),
        _("Duyệt, chuyển ký"),
        "clipboard-check",
        lambda _actor, _document: forms.CommentForm(),
    ),
    "sign": Offer(
        "documents:outgoing_sign",
        _("Ký số"),
        _("Hệ thống cấp số, ngày rồi ký vào chính tệp đang xem."),
        _("Ký số"),
        "pen",
        lambda actor, _document: pki.ConsentForm.for_key(key_of(KeyKind.PERSON, actor)),
        signs_as=KeyKind.PERSON,
    ),
    "seal": Offer(
        "documents:outgoing_seal",
        _("Đóng dấu số cơ quan"),
        _("Chữ ký của người có thẩm quyền được kiểm tra lại trước khi ký số cơ quan."),
        _("Ký số cơ quan"),
        "patch-check",
        lambda actor, _document: pki.ConsentForm.for_key(key_of(KeyKind.AGENCY, actor)),
        signs_as=KeyKind.AGENCY,
    ),
    "dispatch": Offer(
        "documents:outgoing_dispatch",
        _("Phát hành"),
        _("Gửi qua trục liên thông tới tất cả nơi nhận điện tử."),
        _("Phát hành"),
        "send-check",
    ),
    "return": Offer(
        "documents:outgoing_return",
        _("Trả lại"),
        _("Trả về người soạn thảo để sửa."),
        _("Trả lại"),
        "arrow-return-left",
        lambda _actor, _document: forms.ReturnForm(),
        is_bad=True,
    ),
}
COPY = Offer(
    "",
    _("Làm bản sao điện tử"),
    _("Hình thức sao, tên cơ quan và thời gian ký được ghi ở góc trên bên phải trang đầu."),
    _("Ký số bản sao"),
    "files",
    lambda actor, _document: forms.CopyForm.for_key(key_of(KeyKind.AGENCY, actor)),
    signs_as=KeyKind.AGENCY,
)
INCOMING: dict[str, Offer] = {
    "accept": Offer(
        "documents:incoming_accept",
        _("Tiếp nhận"),
        _("Cấp số đến và báo cơ quan gửi. Xem kết quả kiểm tra chữ ký trước khi tiếp nhận."),
        _("Tiếp nhận, cấp số đến"),
        "check-circle",
    ),
    "refuse": Offer(
        "documents:incoming_refuse",
        _("Từ chối tiếp nhận"),
        _("Văn bản được trả lại; cơ quan gửi thấy lý do."),
        _("Từ chối"),
        "x-circle",
        lambda _actor, _document: forms.RefuseForm(),
        is_bad=True,
    ),
    "assign": Offer(
        "documents:incoming_assign",
        _("Phân công xử lý"),
        _("Một người chủ trì; có thể thêm người phối hợp."),
        _("Phân công"),
        "person-check",
        lambda actor, document: forms.AssignForm(actor, document=document),
    ),
    "start": Offer(
        "documents:incoming_start",
        _("Bắt đầu xử lý"),
        _("Báo cơ quan gửi rằng văn bản đang được xử lý."),
        _("Bắt đầu xử lý"),
        "lightning-charge",
    ),
    "finish": Offer(
        "documents:incoming_finish",
        _("Hoàn thành"),
        _("Ghi kết quả và lưu vào hồ sơ công việc."),
        _("Hoàn thành"),
        "check-lg",
        lambda actor, document: forms.FinishForm(actor, document=document),
    ),
}


def panels(actor: Actor, document: Document, bound: django_forms.Form | None = None) -> list[Panel]:
    """What `actor` may do with `document` now, in the order of the tables above.

    bound: a form that came back with errors takes the place of the empty one of its class.
    """
    offers = OUTGOING if isinstance(document, OutgoingDocument) else INCOMING
    allowed = set(queries.available_actions(actor, document))
    return [
        Panel(
            move=move,
            offer=offer,
            url=reverse(offer.page, args=[document.pk]),
            form=_form(offer, actor, document, bound),
            key=_key_card(offer.signs_as, actor) if offer.signs_as else None,
        )
        for move, offer in offers.items()
        if move in allowed
    ]


def copy_panel(
    actor: Actor, document: Document, bound: django_forms.Form | None = None
) -> Panel | None:
    """Making an electronic copy, for who may."""
    if not copies.may_copy(actor, document):
        return None
    is_ours = isinstance(document, OutgoingDocument)
    page = "documents:outgoing_copy" if is_ours else "documents:incoming_copy"
    return Panel(
        move="copy",
        offer=COPY,
        url=reverse(page, args=[document.pk]),
        form=_form(COPY, actor, document, bound),
        key=_key_card(KeyKind.AGENCY, actor),
    )


def key_of(kind: KeyKind, actor: Actor) -> pki.Key | None:
    """The key that signs for this actor: one's own, or the seal of one's organization."""
    if kind is KeyKind.PERSON:
        return pki.place_of(kind, person_id=actor.person_id)
    return pki.place_of(kind, organization_id=actor.organization_id)


def _key_card(kind: KeyKind, actor: Actor) -> KeyCard | None:
    key = key_of(kind, actor)
    if key is None:
        return None
    found = pki.state_of(key.certificate, timezone.now())
    where = pki.ConsentForm.for_key(key).where
    return KeyCard(signer_card(key.certificate.certificate), found.state, found.text, where)


def _form(
    offer: Offer, actor: Actor, document: Document, bound: django_forms.Form | None
) -> django_forms.Form | None:
    if offer.form is None:
        return None
    fresh = offer.form(actor, document)
    return bound if bound is not None and type(bound) is type(fresh) else fresh


@dataclass(frozen=True, slots=True)
class Bucket:
    """One kind of work on the desk: what waits, for whom, and the next move."""

    name: str
    label: Any
    todo: Any
    icon: str
    roles: frozenset[Role]
    is_incoming: bool
    query: str = ""  # narrows the list to this bucket


BUCKETS: tuple[Bucket, ...] = (
    Bucket(
        "to_register",
        _("Chờ tiếp nhận"),
        _("Kiểm tra và cấp số đến"),
        "inbox",
        frozenset({Role.CLERK}),
        True,
        "?state=arrived",
    ),
    Bucket(
        "to_direct",
        _("Chờ phân công"),
        _("Cho ý kiến chỉ đạo"),
        "diagram-3",
        frozenset({Role.LEADER, Role.UNIT_HEAD}),
        True,
        "?state=registered",
    ),
    Bucket(
        "to_sign",
        _("Chờ ký"),
        _("Ký số"),
        "pen",
        frozenset({Role.LEADER, Role.UNIT_HEAD}),
        False,
        "?state=awaiting_signature",
    ),
    Bucket(
        "to_review",
        _("Chờ duyệt"),
        _("Duyệt dự thảo"),
        "clipboard-check",
        frozenset({Role.UNIT_HEAD, Role.LEADER}),
        False,
        "?state=in_review",
    ),
    Bucket(
        "to_work",
        _("Giao cho tôi"),
        _("Xử lý văn bản đến"),
        "list-task",
        frozenset({Role.OFFICER, Role.UNIT_HEAD}),
        True,
    ),
    Bucket(
        "to_draft",
        _("Dự thảo của tôi"),
        _("Hoàn thiện và trình duyệt"),
        "pencil-square",
        frozenset({Role.OFFICER, Role.CLERK, Role.UNIT_HEAD}),
        False,
        "?state=draft",
    ),
    Bucket(
        "to_seal",
        _("Chờ đóng dấu"),
        _("Ký số cơ quan"),
        "patch-check",
        frozenset({Role.CLERK}),
        False,
        "?state=signed",
    ),
    Bucket(
        "to_dispatch",
        _("Chờ phát hành"),
        _("Gửi qua trục"),
        "send",
        frozenset({Role.CLERK}),
        False,
        "?state=sealed",
    ),
)


@dataclass(frozen=True, slots=True)
class Pile:
    """A bucket with what is in it."""

    bucket: Bucket
    documents: list[Any]  # without those that are overdue: they stand on top of the desk
    count: int
    has_more: bool


def piles(actor: Actor, desk: queries.Desk) -> list[Pile]:
    """The buckets of this person's roles, and any other in which something waits for them."""
    return [
        Pile(
            bucket,
            list(getattr(desk, bucket.name))[: queries.DESK_SHOWS],
            desk.counts[bucket.name],
            has_more=len(getattr(desk, bucket.name)) > queries.DESK_SHOWS,
        )
        for bucket in BUCKETS
        if bucket.roles & actor.roles or desk.counts[bucket.name]
    ]


@dataclass(frozen=True, slots=True)
class Verification:
    """What the card of signatures shows."""

    document: DocumentReport | None = None
    packet: SignatureReport | None = None


def verification(report: Mapping[str, Any]) -> Verification:
    """Read the report that is stored with an incoming document."""
    document, packet = report.get("document"), report.get("packet")
    return Verification(
        DocumentReport.from_json(document) if document else None,
        SignatureReport.from_json(packet) if packet else None,
    )
