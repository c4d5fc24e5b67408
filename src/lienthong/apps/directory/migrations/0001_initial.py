import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import lienthong.apps.directory.models
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension, UnaccentExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        # All three are trusted extensions: the owner of the database may create them.
        UnaccentExtension(),
        TrigramExtension(),
        BtreeGistExtension(),
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255, verbose_name='tên cơ quan')),
                ('short_name', models.CharField(blank=True, max_length=100, verbose_name='tên viết tắt')),
                ('kind', models.CharField(choices=[('ministry', 'Bộ, cơ quan ngang bộ'), ('province', 'Ủy ban nhân dân cấp tỉnh'), ('department', 'Sở, cục, vụ'), ('commune', 'Ủy ban nhân dân cấp xã'), ('axis', 'Đơn vị vận hành trục'), ('other', 'Cơ quan khác')], default='other', max_length=20, verbose_name='loại')),
                ('place', models.CharField(blank=True, max_length=100, verbose_name='địa danh')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='thư điện tử')),
                ('active', models.BooleanField(default=True, verbose_name='đang hoạt động')),
                ('locked', models.BooleanField(default=False, verbose_name='bị khóa')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='ghi nhận lúc')),
                ('name_sort', models.CharField(db_collation='C', editable=False, max_length=2000)),
                ('search_text', models.CharField(editable=False, max_length=600)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='directory.organization', verbose_name='cơ quan cấp trên')),
            ],
            options={
                'verbose_name': 'cơ quan',
                'verbose_name_plural': 'cơ quan',
                'ordering': ('name_sort', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='OrganizationCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('QCVN102', 'QCVN 102:2016'), ('QD20', 'Quyết định 20/2020/QĐ-TTg'), ('LOCAL', 'Mã nội bộ')], max_length=10, verbose_name='hệ mã')),
                ('value', models.CharField(max_length=35, verbose_name='mã định danh')),
                ('valid_from', models.DateField(verbose_name='có hiệu lực từ')),
                ('valid_to', models.DateField(blank=True, null=True, verbose_name='hết hiệu lực từ')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='directory.organization', verbose_name='cơ quan')),
            ],
            options={
                'verbose_name': 'mã định danh',
                'verbose_name_plural': 'mã định danh',
            },
        ),
        migrations.CreateModel(
            name='Succession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('effective_on', models.DateField(verbose_name='có hiệu lực từ')),
                ('basis', models.CharField(max_length=255, verbose_name='căn cứ')),
                ('predecessor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='successions', to='directory.organization', verbose_name='cơ quan cũ')),
                ('successor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inheritances', to='directory.organization', verbose_name='cơ quan kế thừa')),
            ],
            options={
                'verbose_name': 'kế thừa',
                'verbose_name_plural': 'kế thừa',
                'ordering': ('effective_on', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255, verbose_name='tên đơn vị')),
                ('code', models.CharField(blank=True, max_length=35, verbose_name='ký hiệu')),
                ('name_sort', models.CharField(db_collation='C', editable=False, max_length=2000)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='units', to='directory.organization', verbose_name='cơ quan')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='directory.unit', verbose_name='đơn vị cấp trên')),
            ],
            options={
                'verbose_name': 'đơn vị',
                'verbose_name_plural': 'đơn vị',
                'ordering': ('name_sort', 'pk'),
            },
        ),
        migrations.AddIndex(
            model_name='organization',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search_text'], name='organization_search', opclasses=['gin_trgm_ops']),
        ),
        migrations.AddIndex(
            model_name='organization',
            index=models.Index(fields=['name_sort'], name='organization_order'),
        ),
        migrations.AddConstraint(
            model_name='organizationcode',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to', None), ('valid_to__gt', models.F('valid_from')), _connector='OR'), name='code_days_in_order'),
        ),
        migrations.AddConstraint(
            model_name='organizationcode',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('value', '='), (lienthong.apps.directory.models.DateRange('valid_from', 'valid_to', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='code_of_one_organization'),
        ),
        migrations.AddConstraint(
            model_name='succession',
            constraint=models.UniqueConstraint(models.F('predecessor'), models.F('successor'), name='succession_once'),
        ),
        migrations.AddConstraint(
            model_name='succession',
            constraint=models.CheckConstraint(condition=models.Q(('predecessor', models.F('successor')), _negated=True), name='succession_of_another'),
        ),
        migrations.AddConstraint(
            model_name='unit',
            constraint=models.UniqueConstraint(models.F('organization'), models.F('code'), condition=models.Q(('code', ''), _negated=True), name='unit_code_once_in_organization'),
        ),
    ]
