"""Addresses of incoming documents."""

from django.urls import path

from lienthong.apps.documents.incoming import views

urlpatterns = [
    path("den/", views.incoming_list, name="incoming_list"),
    path("den/<uuid:pk>", views.incoming_detail, name="incoming_detail"),
    path("den/<uuid:pk>/tiep-nhan", views.incoming_accept, name="incoming_accept"),
    path("den/<uuid:pk>/tu-choi", views.incoming_refuse, name="incoming_refuse"),
    path("den/<uuid:pk>/phan-cong", views.incoming_assign, name="incoming_assign"),
    path("den/<uuid:pk>/bat-dau", views.incoming_start, name="incoming_start"),
    path("den/<uuid:pk>/hoan-thanh", views.incoming_finish, name="incoming_finish"),
    path("den/<uuid:pk>/trang/<int:page>.png", views.incoming_page, name="incoming_page"),
    path("den/<uuid:pk>/tep/<int:position>", views.incoming_file, name="incoming_file"),
    path("den/<uuid:pk>/ket-qua-kiem-tra.json", views.incoming_report, name="incoming_report"),
]
