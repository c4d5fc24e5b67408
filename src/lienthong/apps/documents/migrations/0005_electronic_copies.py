"""Electronic copies that the agency made and signed; seen by their organization only (TM-X-11)."""

import django.db.models.deletion
from django.db import migrations, models

from lienthong.apps.accounts.api import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("directory", "0001_initial"),
        ("documents", "0004_evidence_of_what_was_sent"),
    ]

    operations = [
        migrations.CreateModel(
            name="ElectronicCopy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sao_y", "SAO Y"),
                            ("sao_luc", "SAO LỤC"),
                            ("trich_sao", "TRÍCH SAO"),
                        ],
                        max_length=10,
                        verbose_name="hình thức sao",
                    ),
                ),
                (
                    "pages",
                    models.CharField(blank=True, max_length=100, verbose_name="các trang trích"),
                ),
                ("source_sha256", models.CharField(max_length=64, verbose_name="sao từ tệp")),
                ("sha256", models.CharField(max_length=64, verbose_name="tệp bản sao")),
                ("made_at", models.DateTimeField(verbose_name="lúc sao")),
                (
                    "incoming",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="copies",
                        to="documents.incomingdocument",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.seat",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.organization",
                    ),
                ),
                (
                    "outgoing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="copies",
                        to="documents.outgoingdocument",
                    ),
                ),
            ],
            options={"verbose_name": "bản sao điện tử", "ordering": ("made_at", "id")},
        ),
        migrations.AddConstraint(
            model_name="electroniccopy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outgoing__isnull", True), ("incoming__isnull", True), _connector="XOR"
                ),
                name="copy_of_one_document",
            ),
        ),
        row_security("documents_electroniccopy"),
    ]
