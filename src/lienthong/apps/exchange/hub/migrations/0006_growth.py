# What is asked for often is read in the order of an index, however much is on record.

import lienthong.apps.exchange.hub.rules
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('hub', '0005_circulation'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='kind',
            field=models.CharField(db_default=lienthong.apps.exchange.hub.rules.Kind['EDOC'], default=lienthong.apps.exchange.hub.rules.Kind['EDOC'], max_length=10, verbose_name='loại gói tin'),
        ),
        migrations.RunSQL(
            "UPDATE hub_delivery d SET kind = p.kind FROM hub_packet p"
            " WHERE p.id = d.packet_id AND p.kind <> 'edoc'",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(models.F('agency_code'), models.F('kind'), models.OrderBy(models.F('urgency'), descending=True), models.F('id'), condition=models.Q(('state__in', (lienthong.apps.exchange.hub.rules.DeliveryState['QUEUED'], lienthong.apps.exchange.hub.rules.DeliveryState['FETCHED']))), name='hub_delivery_listed'),
        ),
        migrations.AddIndex(
            model_name='packet',
            index=models.Index(models.F('agency_code'), models.OrderBy(models.F('received_at'), descending=True), name='hub_packet_sent'),
        ),
    ]
