"""Addresses of outgoing documents."""

from django.urls import path

from lienthong.apps.documents.outgoing import form_views, many_views, version_views, views

urlpatterns = [
    path("di/", views.outgoing_list, name="outgoing_list"),
    path("di/soan", views.outgoing_compose, name="outgoing_compose"),
    path("di/soan/theo-loai", views.outgoing_type_fields, name="outgoing_type_fields"),
    path("di/soan/xem-thu", views.outgoing_preview, name="outgoing_preview"),
    path("di/ky-nhieu", many_views.outgoing_sign_many, name="outgoing_sign_many"),
    path("di/<uuid:pk>/phien-ban", version_views.outgoing_versions, name="outgoing_versions"),
    path(
        "di/<uuid:pk>/phien-ban/<int:number>/khoi-phuc",
        version_views.outgoing_restore,
        name="outgoing_restore",
    ),
    path("di/<uuid:pk>/y-kien", version_views.outgoing_comment, name="outgoing_comment"),
    path("di/<uuid:pk>/thu-hoi", views.outgoing_recall, name="outgoing_recall"),
    path("di/<uuid:pk>", views.outgoing_detail, name="outgoing_detail"),
    path("di/<uuid:pk>/sua", views.outgoing_edit, name="outgoing_edit"),
    path("di/<uuid:pk>/trinh", views.outgoing_submit, name="outgoing_submit"),
    path("di/<uuid:pk>/duyet", views.outgoing_approve, name="outgoing_approve"),
    path("di/<uuid:pk>/duyet-the-thuc", views.outgoing_approve_form, name="outgoing_approve_form"),
    path("di/<uuid:pk>/tra-lai", views.outgoing_return, name="outgoing_return"),
    path("di/<uuid:pk>/ky", views.outgoing_sign, name="outgoing_sign"),
    path("di/<uuid:pk>/dong-dau", views.outgoing_seal, name="outgoing_seal"),
    path("di/<uuid:pk>/phat-hanh", views.outgoing_dispatch, name="outgoing_dispatch"),
    path("di/<uuid:pk>/ban-pdf", views.outgoing_pdf, name="outgoing_pdf"),
    path("di/<uuid:pk>/trang/<int:page>.png", views.outgoing_page, name="outgoing_page"),
    path("di/<uuid:pk>/the-thuc", form_views.outgoing_form, name="outgoing_form"),
    path(
        "di/<uuid:pk>/the-thuc/<int:page>.png",
        form_views.outgoing_form_mark,
        name="outgoing_form_mark",
    ),
    path("di/<uuid:pk>/goi-tin", views.outgoing_packet, name="outgoing_packet"),
    path(
        "di/<uuid:pk>/goi-tin.p7s",
        views.outgoing_packet_signature,
        name="outgoing_packet_signature",
    ),
    path("di/<uuid:pk>/bien-nhan", views.outgoing_receipt, name="outgoing_receipt"),
    path("di/<uuid:pk>/chu-ky", views.outgoing_signatures, name="outgoing_signatures"),
]
