"""How Django finds this context."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class AccountsConfig(AppConfig):
    name = "lienthong.apps.accounts"
    label = "accounts"
    verbose_name = "Tài khoản"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lienthong.apps.accounts import scope  # noqa: PLC0415  models must be loaded first
        from lienthong.apps.outbox import api as outbox  # noqa: PLC0415

        connection_created.connect(scope.on_connect, dispatch_uid="lienthong.accounts.scope")
        outbox.surround("accounts.scope", scope.scope_of)
