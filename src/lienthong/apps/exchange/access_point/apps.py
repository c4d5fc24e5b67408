"""How Django finds this context."""

from django.apps import AppConfig


class AccessPointConfig(AppConfig):
    name = "lienthong.apps.exchange.access_point"
    label = "access_point"
    verbose_name = "Điểm kết nối"
    default_auto_field = "django.db.models.BigAutoField"
