"""Who opened what: rows that are only ever added, behind the wall (TM-A-03, TM-A-08, TM-X-11)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from lienthong.apps.accounts.api import row_security

REFUSE = """
CREATE TRIGGER journal_reading_append_only BEFORE UPDATE OR DELETE ON journal_reading
    FOR EACH ROW EXECUTE FUNCTION journal_refuse_change();
CREATE TRIGGER journal_reading_not_emptied BEFORE TRUNCATE ON journal_reading
    FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse_change();
"""
ALLOW = """
DROP TRIGGER journal_reading_append_only ON journal_reading;
DROP TRIGGER journal_reading_not_emptied ON journal_reading;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("journal", "0003_leaves_and_seals"),
        ("directory", "0002_changes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "head",
            "readings_bound",
            models.BigIntegerField(db_default=0, default=0, verbose_name="lượt xem cuối đã khóa"),
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="lúc")),
                ("subject", models.CharField(max_length=200, verbose_name="đối tượng")),
                ("part", models.CharField(blank=True, max_length=100, verbose_name="phần")),
                ("actor_name", models.CharField(max_length=255, verbose_name="tên người xem")),
                ("actor_position", models.CharField(blank=True, max_length=100, verbose_name="chức vụ")),
                ("seat_id", models.BigIntegerField(verbose_name="vị trí công tác")),
                ("stands_in_for", models.CharField(blank=True, max_length=255, verbose_name="thay cho")),
                ("organization", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.organization", verbose_name="cơ quan")),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="người xem")),
            ],
            options={
                "verbose_name": "lượt xem",
                "verbose_name_plural": "lượt xem",
                "ordering": ("at", "pk"),
                "indexes": [
                    models.Index(fields=["subject", "at"], name="reading_of_subject"),
                    models.Index(fields=["organization", "id"], name="reading_of_organization"),
                ],
            },
        ),
        migrations.RunSQL(REFUSE, ALLOW),
        row_security("journal_reading"),
    ]
