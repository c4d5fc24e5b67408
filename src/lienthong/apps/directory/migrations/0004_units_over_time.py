"""Units have days, heirs, and decisions that change them from a day on."""

import datetime
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0003_code_digests'),
    ]

    operations = [
        migrations.CreateModel(
            name='UnitChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('move', models.CharField(choices=[('rename', 'Đổi tên'), ('move', 'Chuyển đơn vị cấp trên'), ('merge', 'Sáp nhập'), ('abolish', 'Giải thể')], max_length=10, verbose_name='việc')),
                ('effective_on', models.DateField(verbose_name='có hiệu lực từ')),
                ('basis', models.CharField(max_length=255, verbose_name='căn cứ')),
                ('name', models.CharField(blank=True, max_length=255, verbose_name='tên mới')),
                ('code', models.CharField(blank=True, max_length=35, verbose_name='ký hiệu mới')),
                ('old_name', models.CharField(blank=True, max_length=255, verbose_name='tên cũ')),
                ('old_code', models.CharField(blank=True, max_length=35, verbose_name='ký hiệu cũ')),
                ('done_at', models.DateTimeField(null=True, verbose_name='thực hiện lúc')),
            ],
            options={
                'verbose_name': 'quyết định về đơn vị',
                'verbose_name_plural': 'quyết định về đơn vị',
                'ordering': ('effective_on', 'pk'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='unit',
            name='unit_code_once_in_organization',
        ),
        migrations.AddField(
            model_name='unit',
            name='heir',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='heritages', to='directory.unit', verbose_name='sáp nhập vào'),
        ),
        migrations.AddField(
            model_name='unit',
            name='valid_from',
            field=models.DateField(default=datetime.date(2015, 1, 1), verbose_name='thành lập từ'),
        ),
        migrations.AddField(
            model_name='unit',
            name='valid_to',
            field=models.DateField(blank=True, null=True, verbose_name='đến hết ngày'),
        ),
        migrations.AddConstraint(
            model_name='unit',
            constraint=models.UniqueConstraint(models.F('organization'), models.F('code'), condition=models.Q(models.Q(('code', ''), _negated=True), ('valid_to', None)), name='unit_code_once_in_organization'),
        ),
        migrations.AddField(
            model_name='unitchange',
            name='old_parent',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.unit', verbose_name='cấp trên cũ'),
        ),
        migrations.AddField(
            model_name='unitchange',
            name='target',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.unit', verbose_name='đơn vị đích'),
        ),
        migrations.AddField(
            model_name='unitchange',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='directory.unit', verbose_name='đơn vị'),
        ),
    ]
