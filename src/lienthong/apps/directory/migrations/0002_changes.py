"""Every change of the directory is counted, and which organization it touched is remembered."""

from django.db import migrations, models

# The numbers come from a sequence, so that none is used twice, even when the tables were emptied.
COUNT = (
    "INSERT INTO directory_version (id, number) VALUES (1, nextval('directory_version_number'))"
    " ON CONFLICT (id) DO UPDATE SET number = excluded.number;"
)
WHOSE = {
    "directory_organization": "id",
    "directory_organizationcode": "organization_id",
    "directory_succession": "predecessor_id",
}
EVENTS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}


def triggers() -> str:
    text = ["CREATE SEQUENCE directory_version_number;", COUNT]
    for table, column in WHOSE.items():
        text.append(
            f"CREATE FUNCTION {table}_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" {COUNT}"
            f" INSERT INTO directory_change (organization_id) SELECT DISTINCT {column} FROM touched;"
            " RETURN NULL; END $$;"
        )
        text += [
            f"CREATE TRIGGER {table}_{event.lower()}ed AFTER {event} ON {table}"
            f" REFERENCING {rows} TABLE AS touched FOR EACH STATEMENT"
            f" EXECUTE FUNCTION {table}_changed();"
            for event, rows in EVENTS.items()
        ]
    return "".join(text)


def no_triggers() -> str:
    return "".join(
        [f"DROP TRIGGER {table}_{event.lower()}ed ON {table};" for table in WHOSE for event in EVENTS]
        + [f"DROP FUNCTION {table}_changed();" for table in WHOSE]
        + ["DROP SEQUENCE directory_version_number;"]
    )


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                ("organization_id", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(triggers(), no_triggers()),
        migrations.RunSQL(
            "INSERT INTO directory_change (organization_id) SELECT id FROM directory_organization",
            migrations.RunSQL.noop,
        ),
    ]
