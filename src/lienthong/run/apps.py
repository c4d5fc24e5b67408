"""Joins the contexts when Django starts: events are wired to their handlers here."""

from django.apps import AppConfig


class RunConfig(AppConfig):
    name = "lienthong.run"
    label = "run"
    verbose_name = "Vận hành"

    def ready(self) -> None:
        from lienthong.run import wiring  # noqa: PLC0415  models must be loaded first

        wiring.connect()
