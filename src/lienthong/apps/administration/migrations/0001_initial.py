"""Proposals of seats and special days, behind the wall (TM-X-11)."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from lienthong.apps.accounts.api import row_security


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_people_and_proofs'),
        ('directory', '0004_units_over_time'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SeatGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('clerk', 'Văn thư'), ('officer', 'Chuyên viên'), ('unit_head', 'Lãnh đạo đơn vị'), ('leader', 'Lãnh đạo cơ quan'), ('archivist', 'Lưu trữ viên'), ('administrator', 'Quản trị hệ thống'), ('axis_operator', 'Vận hành trục'), ('registrar', 'Cán bộ đăng ký chứng thư'), ('cert_officer', 'Cán bộ cấp chứng thư'), ('assistant', 'Thư ký, trợ lý lãnh đạo'), ('auditor', 'Kiểm tra, giám sát')], max_length=20, verbose_name='vai trò')),
                ('position', models.CharField(blank=True, max_length=100, verbose_name='chức vụ')),
                ('valid_from', models.DateField(verbose_name='từ ngày')),
                ('valid_to', models.DateField(verbose_name='đến hết ngày')),
                ('proposed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='đề nghị lúc')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='duyệt lúc')),
                ('is_granted', models.BooleanField(null=True, verbose_name='được duyệt')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat', verbose_name='người duyệt')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization', verbose_name='cơ quan')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat', verbose_name='người đề nghị')),
            ],
            options={
                'verbose_name': 'đề nghị giao quyền',
                'verbose_name_plural': 'đề nghị giao quyền',
                'ordering': ('-proposed_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='SpecialDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='ngày')),
                ('is_working', models.BooleanField(default=False, verbose_name='làm việc')),
                ('name', models.CharField(max_length=100, verbose_name='tên gọi')),
                ('basis', models.CharField(max_length=255, verbose_name='căn cứ')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization', verbose_name='cơ quan')),
            ],
            options={
                'verbose_name': 'ngày khác thường',
                'verbose_name_plural': 'ngày khác thường',
                'ordering': ('on',),
                'constraints': [models.UniqueConstraint(models.F('organization'), models.F('on'), name='special_day_once')],
            },
        ),
        row_security("administration_seatgrant"),
        row_security("administration_specialday"),
    ]
