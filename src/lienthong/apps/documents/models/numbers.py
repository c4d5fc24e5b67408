"""Number series."""

from __future__ import annotations

from django.db import models


class NumberSeries(models.Model):
    """Một dãy số trong năm. The row is locked while a number is taken: none is lost or doubled."""

    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan"
    )
    series = models.CharField("dãy số", max_length=20)
    year = models.PositiveSmallIntegerField("năm")
    last = models.PositiveIntegerField("số cuối", default=0)
    last_on = models.DateField("ngày của số cuối", null=True)

    class Meta:
        verbose_name = "dãy số"
        constraints = (
            models.UniqueConstraint("organization", "series", "year", name="number_series_once"),
        )

    def __str__(self) -> str:
        return f"{self.series}/{self.year}: {self.last}"
