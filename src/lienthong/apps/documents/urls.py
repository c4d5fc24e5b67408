"""Pages of the document desk, and their entries in the navigation."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role
from lienthong.apps.documents.common import handover
from lienthong.apps.documents.copies import urls as copies
from lienthong.apps.documents.desk import queries
from lienthong.apps.documents.desk import urls as desk
from lienthong.apps.documents.dossiers import urls as dossiers
from lienthong.apps.documents.incoming import urls as incoming
from lienthong.apps.documents.outgoing import urls as outgoing
from lienthong.apps.documents.registers import urls as registers
from lienthong.apps.documents.rest import urls as rest
from lienthong.apps.documents.search import urls as search
from lienthong.apps.documents.statistics import urls as statistics
from lienthong.apps.documents.verification import urls as verification
from lienthong.web import navigation
from lienthong.web.navigation import Link, Section

app_name = "documents"
urlpatterns = [
    *desk.urlpatterns,
    *incoming.urlpatterns,
    *outgoing.urlpatterns,
    *registers.urlpatterns,
    *statistics.urlpatterns,
    *copies.urlpatterns,
    *dossiers.urlpatterns,
    *verification.urlpatterns,
    *search.urlpatterns,
    *rest.urlpatterns,
]

OUTSIDE_THE_DESK = frozenset({Role.AXIS_OPERATOR, Role.REGISTRAR, Role.CERTIFICATE_OFFICER})


def _is_at_a_desk(request: HttpRequest) -> bool:
    actor = getattr(request, "actor", None)
    return actor is not None and not actor.roles <= OUTSIDE_THE_DESK


def _search_page(request: HttpRequest) -> str:
    return reverse("documents:search") if _is_at_a_desk(request) else ""


def _sections(request: HttpRequest) -> tuple[Section, ...]:
    if not _is_at_a_desk(request):
        return ()
    actor = accounts.actor_of(request)
    counts = queries.counts(actor)
    waiting = sum(count for name, count in counts.items() if name != "overdue")
    work = Link(
        _("Bàn làm việc"),
        reverse("documents:desk"),
        "house",
        short=_("Việc"),
        count=waiting,
        is_alarm=counts["overdue"] > 0,
        keys="g v",
    )
    arrived = Link(
        _("Văn bản đến"),
        reverse("documents:incoming_list"),
        "inbox",
        short=_("Đến"),
        keys="g d",
    )
    issued = Link(
        _("Văn bản đi"), reverse("documents:outgoing_list"), "send", short=_("Đi"), keys="g i"
    )
    compose = Link(
        _("Soạn văn bản"),
        reverse("documents:outgoing_compose"),
        "file-earmark-plus",
        short=_("Soạn"),
        keys="g s",
    )
    kept = Link(_("Hồ sơ công việc"), reverse("documents:dossier_list"), "journal-text")
    check = Link(
        _("Kiểm tra tệp"), reverse("documents:check_file"), "shield-check", short=_("Kiểm tra")
    )
    book = Link(_("Sổ văn bản"), reverse("documents:registers"), "list")
    may_draft = accounts.can(actor, "documents.draft")
    count = Link(_("Thống kê văn bản"), reverse("documents:statistics"), "clipboard-check")
    books = [book, count] if accounts.can(actor, "documents.registers") else []
    connections = Link(_("Kết nối phần mềm"), reverse("documents:connections"), "diagram-3")
    may_connect = accounts.can(actor, "documents.api_tokens")
    return (
        Section(_("Việc hôm nay"), (work,)),
        Section(
            _("Văn bản"), (arrived, issued, *([compose] if may_draft else []), kept, *books, check)
        ),
        Section(_("Quản trị"), (connections,) if may_connect else ()),
    )


handover.register()
navigation.register("documents", _sections)
navigation.register_search(_search_page)
