"""How Django finds this context."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "lienthong.apps.outbox"
    label = "outbox"
    verbose_name = "Hộp sự kiện"
    default_auto_field = "django.db.models.BigAutoField"
