# Which closed segments are in the object store, and when they were looked for last.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('hub', '0006_growth'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArchivedSegment',
            fields=[
                ('number', models.IntegerField(primary_key=True, serialize=False, verbose_name='đoạn lưu')),
                ('size', models.BigIntegerField(verbose_name='kích thước')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('archived_at', models.DateTimeField(verbose_name='sao chép lúc')),
                ('checked_at', models.DateTimeField(verbose_name='kiểm tra lúc')),
            ],
            options={
                'verbose_name': 'đoạn lưu trong kho',
                'db_table': 'hub_archived_segment',
            },
        ),
    ]
