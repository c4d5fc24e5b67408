"""What was filed before files had contents: its line in the file; state and year of each file."""

from django.db import migrations

EVERYWHERE = "SELECT set_config('lienthong.organizations', '*', true)"


class Migration(migrations.Migration):
    dependencies = [("documents", "0006_work_files")]

    operations = [
        migrations.RunSQL(
            [
                EVERYWHERE,
                """
                UPDATE documents_dossier
                SET year = extract(year FROM opened_on),
                    state = CASE WHEN closed_on IS NULL THEN 'open' ELSE 'closed' END
                """,
                """
                INSERT INTO documents_dossieritem
                    (organization_id, dossier_id, incoming_id, position, added_by_id, added_at, removal_reason)
                SELECT organization_id, dossier_id, id,
                    row_number() OVER (PARTITION BY dossier_id ORDER BY completed_at, id),
                    lead_id, coalesce(completed_at, now()), ''
                FROM documents_incomingdocument
                WHERE dossier_id IS NOT NULL
                """,
            ],
            migrations.RunSQL.noop,
        )
    ]
