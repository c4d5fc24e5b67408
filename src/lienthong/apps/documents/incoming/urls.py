"""Addresses of incoming documents."""

from django.urls import path

from lienthong.apps.documents.incoming import lists, steps, views

urlpatterns = [
    path("den/", views.incoming_list, name="incoming_list"),
    path("den/nhieu", lists.many, name="incoming_many"),
    path("den/ban-giay", lists.paper, name="incoming_paper"),
    path("den/theo-doi", lists.follow, name="incoming_follow"),
    path("den/giao-lai/<int:seat>", lists.hand_over_all, name="incoming_hand_over_all"),
    path("den/<uuid:pk>", views.incoming_detail, name="incoming_detail"),
    *steps.patterns(),
    path("den/<uuid:pk>/ban-in.pdf", views.incoming_print, name="incoming_print"),
    path("den/<uuid:pk>/trang/<int:page>.png", views.incoming_page, name="incoming_page"),
    path("den/<uuid:pk>/tep/<int:position>", views.incoming_file, name="incoming_file"),
    path("den/<uuid:pk>/ket-qua-kiem-tra.json", views.incoming_report, name="incoming_report"),
]
