"""Pages of accounts, under /tai-khoan/."""

from django.urls import path

from lienthong.apps.accounts import provider_pages, security_pages, views
from lienthong.web import navigation

app_name = "accounts"
urlpatterns = [
    path("dang-nhap", views.sign_in, name="sign_in"),
    path("dang-xuat", views.sign_out, name="sign_out"),
    path("doi-vai", views.switch_seat, name="switch_seat"),
    path("xac-thuc", security_pages.second_step, name="second_step"),
    path("xac-nhan", security_pages.step_up, name="step_up"),
    path("mat-khau", security_pages.password, name="password"),
    path("bao-mat", security_pages.security, name="security"),
    path("bao-mat/ung-dung", security_pages.add_application, name="add_application"),
    path("bao-mat/khoa", security_pages.add_passkey, name="add_passkey"),
    path("bao-mat/<int:pk>/bo", security_pages.remove_authenticator, name="remove_authenticator"),
    path("bao-mat/ma-du-phong", security_pages.renew_codes, name="renew_codes"),
    path("bao-mat/phien", security_pages.end_session, name="end_session"),
    path("dinh-danh/<slug:key>", provider_pages.start, name="provider_start"),
    path("dinh-danh/<slug:key>/lien-ket", provider_pages.link, name="provider_link"),
    path("dinh-danh/<slug:key>/ve", provider_pages.back, name="provider_back"),
    path("dinh-danh/bo/<int:pk>", provider_pages.unlink, name="provider_unlink"),
]

navigation.register_identity(views.identify)
