"""Addresses of reports, evidence and the checking of any file."""

from django.urls import path

from lienthong.apps.documents.verification import views

urlpatterns = [
    path("den/<uuid:pk>/kiem-tra", views.incoming_page, name="incoming_verification"),
    path("den/<uuid:pk>/bao-cao.pdf", views.incoming_pdf, name="incoming_report_pdf"),
    path("den/<uuid:pk>/bao-cao.jws", views.incoming_jws, name="incoming_report_jws"),
    path("den/<uuid:pk>/chung-cu", views.incoming_evidence, name="incoming_evidence"),
    path("di/<uuid:pk>/kiem-tra", views.outgoing_page, name="outgoing_verification"),
    path("di/<uuid:pk>/bao-cao.pdf", views.outgoing_pdf, name="outgoing_report_pdf"),
    path("di/<uuid:pk>/bao-cao.jws", views.outgoing_jws, name="outgoing_report_jws"),
    path("di/<uuid:pk>/chung-cu", views.outgoing_evidence, name="outgoing_evidence"),
    path("kiem-tra/", views.check_file, name="check_file"),
]
