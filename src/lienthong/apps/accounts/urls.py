"""Pages of accounts, under /tai-khoan/."""

from django.urls import path

from lienthong.apps.accounts import views
from lienthong.web import navigation

app_name = "accounts"
urlpatterns = [
    path("dang-nhap", views.sign_in, name="sign_in"),
    path("dang-xuat", views.sign_out, name="sign_out"),
    path("doi-vai", views.switch_seat, name="switch_seat"),
]

navigation.register_identity(views.identify)
