"""How Django finds this context."""

from django.apps import AppConfig


class HubConfig(AppConfig):
    name = "lienthong.apps.exchange.hub"
    label = "hub"
    verbose_name = "Trục liên thông"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from .log_source import register  # noqa: PLC0415  apps are ready now

        register()
