"""Every page of a node. Each context names its own pages in its `urls`.

The order is that of the navigation: the daily work first, and its first page is everybody's home.
"""

from django.urls import include, path

urlpatterns = [
    path("", include("lienthong.web.urls")),
    path("tai-khoan/", include("lienthong.apps.accounts.urls")),
    path("van-ban/", include("lienthong.apps.documents.urls")),
    path("truc/", include("lienthong.apps.exchange.hub.urls")),
    path("chung-thu/", include("lienthong.apps.pki.urls")),
    path("cap-chung-thu/", include("lienthong.apps.pki.authority.urls")),
    path("quan-tri/", include("lienthong.apps.administration.urls")),
    path("thong-bao/", include("lienthong.apps.notices.urls")),
    path("danh-ba/", include("lienthong.apps.registry.urls")),
    path("lich-su/", include("lienthong.apps.journal.urls")),
    path("nhat-ky/", include("lienthong.apps.evidence.urls")),
]

handler400 = "lienthong.web.pages.bad_request"
handler403 = "lienthong.web.pages.forbidden"
handler404 = "lienthong.web.pages.not_found"
handler500 = "lienthong.web.pages.broken"
