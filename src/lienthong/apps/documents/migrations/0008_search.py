"""Search: one entry for each document, the words of each agency, saved searches (decision 0029).

All three lie behind the wall (TM-X-11). A wall stops PostgreSQL from using the index of words, since
a question to it might leak; so the owner of the entries is exempt, and one function of the owner
reads them: it answers for one organization, which must be in the caller's scope, and gives keys and
days only.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from lienthong.apps.accounts.api import row_security


# Newest first, after the entry (after_day, after_id). `recent` > 0: only among so many entries from
# there on, which finds common words soon; 0: among all by the index of words, for rare ones.
FUNCTION = """
CREATE FUNCTION documents_search(
    of_organization bigint, wanted tsquery, since date, until date,
    after_day date, after_id uuid, recent integer, most integer
) RETURNS TABLE (id uuid, day date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF NOT of_organization::text = ANY (
        string_to_array(current_setting('lienthong.organizations', true), ',')
    ) THEN
        RETURN;
    END IF;
    IF recent > 0 THEN
        RETURN QUERY
        SELECT entry.id, entry.day FROM (
            SELECT each.id, each.day, each.vector FROM documents_searchentry each
            WHERE each.organization_id = of_organization AND each.day BETWEEN since AND until
                AND (each.day, each.id) < (after_day, after_id)
            ORDER BY each.day DESC, each.id DESC LIMIT recent
        ) entry
        WHERE wanted IS NULL OR entry.vector @@ wanted
        ORDER BY entry.day DESC, entry.id DESC LIMIT most;
    ELSE
        RETURN QUERY
        WITH hits AS MATERIALIZED (
            SELECT each.id, each.day FROM documents_searchentry each
            WHERE each.vector @@ wanted AND each.organization_id = of_organization
                AND each.day BETWEEN since AND until
                AND (each.day, each.id) < (after_day, after_id)
        )
        SELECT hits.id, hits.day FROM hits ORDER BY hits.day DESC, hits.id DESC LIMIT most;
    END IF;
END
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_registration_roles'),
        ('directory', '0002_changes'),
        ('documents', '0007_what_is_in_the_files'),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='tên')),
                ('query', models.CharField(max_length=300, verbose_name='câu hỏi')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='lưu lúc')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
                ('seat', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.seat')),
            ],
            options={
                'verbose_name': 'tìm kiếm đã lưu',
                'ordering': ('name', 'pk'),
                'constraints': [models.UniqueConstraint(models.F('seat'), models.F('name'), name='saved_search_once')],
            },
        ),
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=8, verbose_name='loại')),
                ('day', models.DateField(verbose_name='ngày đến, ngày ban hành hoặc ngày soạn')),
                ('vector', django.contrib.postgres.search.SearchVectorField()),
                ('text', models.TextField(blank=True, verbose_name='nội dung tệp')),
                ('text_of', models.CharField(blank=True, max_length=64)),
                ('made_by', models.PositiveSmallIntegerField(default=0)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
            ],
            options={
                'verbose_name': 'mục tìm kiếm',
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['vector'], name='search_by_words'), models.Index(fields=['organization', '-day', '-id'], name='search_by_day')],
            },
        ),
        migrations.CreateModel(
            name='SearchWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(max_length=60)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization')),
            ],
            options={
                'verbose_name': 'từ',
                'constraints': [models.UniqueConstraint(models.F('organization'), models.F('word'), name='search_word_once')],
            },
        ),
        row_security("documents_searchentry"),
        row_security("documents_searchword"),
        row_security("documents_savedsearch"),
        migrations.RunSQL(
            'ALTER TABLE "documents_searchentry" NO FORCE ROW LEVEL SECURITY',
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION documents_search"),
    ]
