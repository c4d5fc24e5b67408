"""Addresses of the registers."""

from django.urls import path

from lienthong.apps.documents.registers import views

urlpatterns = [
    path("so/", views.registers, name="registers"),
    path("so/tep/<int:pk>", views.export_detail, name="register_export"),
    path("so/tep/<int:pk>/tai-ve", views.export_file, name="register_export_file"),
    path("so/<slug:name>", views.register, name="register"),
    path("so/<slug:name>/xuat", views.export, name="register_export_begin"),
    path("den/<uuid:pk>/phieu-giai-quyet.pdf", views.handling_slip, name="handling_slip"),
    path("den/<uuid:pk>/dau-den.pdf", views.arrival_stamp, name="arrival_stamp"),
]
