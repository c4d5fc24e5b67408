"""Addresses of work files."""

from django.urls import path

from lienthong.apps.documents.dossiers import list_views, views

urlpatterns = [
    path("ho-so/", views.dossier_list, name="dossier_list"),
    path("ho-so/mo", views.dossier_open, name="dossier_open"),
    path("ho-so/den-han", list_views.due, name="dossier_due"),
    path("ho-so/danh-muc/<int:year>", list_views.yearly_list, name="dossier_list_of"),
    path("ho-so/danh-muc/<int:year>/chep", list_views.yearly_copy, name="dossier_list_copy"),
    path("ho-so/danh-muc/<int:year>/ban-hanh", list_views.yearly_issue, name="dossier_list_issue"),
    path(
        "ho-so/danh-muc/dong/<int:entry>/bo",
        list_views.yearly_withdraw,
        name="dossier_list_withdraw",
    ),
    path("ho-so/ban-giao/", list_views.hand_over_list, name="hand_over_list"),
    path("ho-so/ban-giao/lap", list_views.hand_over_new, name="hand_over_new"),
    path("ho-so/ban-giao/<int:pk>", list_views.hand_over_detail, name="hand_over_detail"),
    path("ho-so/ban-giao/<int:pk>/giao", list_views.hand_over_give, name="hand_over_give"),
    path("ho-so/ban-giao/<int:pk>/nhan", list_views.hand_over_take, name="hand_over_take"),
    path("ho-so/ban-giao/<int:pk>/tra-lai", list_views.hand_over_return, name="hand_over_return"),
    path("ho-so/ban-giao/<int:pk>/huy", list_views.hand_over_drop, name="hand_over_drop"),
    path("ho-so/ban-giao/<int:pk>/bien-ban", list_views.hand_over_record, name="hand_over_record"),
    path("ho-so/<int:pk>", views.dossier_detail, name="dossier_detail"),
    path("ho-so/<int:pk>/sua", views.dossier_edit, name="dossier_edit"),
    path("ho-so/<int:pk>/duyet", views.dossier_approve, name="dossier_approve"),
    path("ho-so/<int:pk>/ket-thuc", views.dossier_close, name="dossier_close"),
    path("ho-so/<int:pk>/mo-lai", views.dossier_reopen, name="dossier_reopen"),
    path("ho-so/<int:pk>/giu-lai", views.dossier_keep_longer, name="dossier_keep_longer"),
    path("ho-so/<int:pk>/them", views.dossier_put, name="dossier_put"),
    path("ho-so/<int:pk>/xep", views.dossier_arrange, name="dossier_arrange"),
    path("ho-so/<int:pk>/xuat", views.dossier_export, name="dossier_export"),
]
