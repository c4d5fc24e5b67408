"""Pages of the journal, and their entry in the navigation."""

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.journal import views
from lienthong.web import navigation
from lienthong.web.navigation import Link, Section

app_name = "journal"
urlpatterns = [
    path("", views.audit, name="audit"),
    path("doi-tuong", views.subject, name="subject"),
    path("xuat", views.export, name="export"),
]


def _sections(request: HttpRequest) -> tuple[Section, ...]:
    actor = getattr(request, "actor", None)
    if actor is None or not accounts.can(actor, "journal.audit"):
        return ()
    link = Link(_("Tra cứu lịch sử"), reverse("journal:audit"), "journal-text", short=_("Lịch sử"))
    return (Section(_("Kiểm tra, giám sát"), (link,)),)


navigation.register("journal", _sections)
