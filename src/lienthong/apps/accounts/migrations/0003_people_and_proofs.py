"""Delegations, assistants, second factors, identities of providers, sessions and devices."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import lienthong.apps.accounts.models.seats
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_registration_roles'),
        ('directory', '0002_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Authenticator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('factor', models.CharField(choices=[('totp', 'Ứng dụng tạo mã'), ('passkey', 'Khóa xác thực')], max_length=10, verbose_name='loại')),
                ('name', models.CharField(max_length=60, verbose_name='tên gọi')),
                ('key', models.BinaryField()),
                ('credential_id', models.BinaryField(null=True, unique=True)),
                ('counter', models.BigIntegerField(default=0)),
                ('added_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='thêm lúc')),
                ('used_at', models.DateTimeField(null=True, verbose_name='dùng gần nhất')),
            ],
            options={
                'verbose_name': 'phương tiện xác thực',
                'verbose_name_plural': 'phương tiện xác thực',
                'ordering': ('added_at', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Delegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('absence', 'Thay mặt khi vắng'), ('mandate', 'Ủy quyền')], max_length=10, verbose_name='loại')),
                ('powers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('view', 'Xem văn bản'), ('review', 'Duyệt, trả lại dự thảo'), ('direct', 'Phân công, cho ý kiến'), ('work', 'Xử lý văn bản')], max_length=10), size=None, verbose_name='việc được làm thay')),
                ('basis', models.CharField(max_length=255, verbose_name='căn cứ')),
                ('valid_from', models.DateField(verbose_name='từ ngày')),
                ('valid_to', models.DateField(verbose_name='đến hết ngày')),
                ('entered_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='ghi nhận lúc')),
                ('revoked_on', models.DateField(blank=True, null=True, verbose_name='thu hồi từ ngày')),
            ],
            options={
                'verbose_name': 'ủy quyền',
                'verbose_name_plural': 'ủy quyền',
                'ordering': ('-valid_from', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer', models.CharField(max_length=255, verbose_name='nơi cấp')),
                ('subject', models.CharField(max_length=255, verbose_name='định danh')),
                ('linked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='liên kết lúc')),
                ('used_at', models.DateTimeField(null=True, verbose_name='dùng gần nhất')),
            ],
            options={
                'verbose_name': 'định danh',
                'verbose_name_plural': 'định danh',
            },
        ),
        migrations.CreateModel(
            name='KnownDevice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_sha256', models.CharField(max_length=64)),
                ('device', models.CharField(blank=True, max_length=100, verbose_name='thiết bị')),
                ('first_at', models.DateTimeField(verbose_name='lần đầu')),
                ('last_at', models.DateTimeField(verbose_name='gần nhất')),
            ],
            options={
                'verbose_name': 'thiết bị quen',
                'verbose_name_plural': 'thiết bị quen',
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('used_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'mã dự phòng',
                'verbose_name_plural': 'mã dự phòng',
            },
        ),
        migrations.CreateModel(
            name='SessionRecord',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('address', models.GenericIPAddressField(verbose_name='địa chỉ')),
                ('device', models.CharField(blank=True, max_length=100, verbose_name='thiết bị')),
                ('begun_at', models.DateTimeField(verbose_name='đăng nhập lúc')),
                ('seen_at', models.DateTimeField(verbose_name='dùng gần nhất')),
            ],
            options={
                'verbose_name': 'phiên làm việc',
                'verbose_name_plural': 'phiên làm việc',
                'ordering': ('-seen_at',),
            },
        ),
        migrations.RemoveConstraint(
            model_name='seat',
            name='seat_held_once',
        ),
        migrations.AddField(
            model_name='person',
            name='password_is_given',
            field=models.BooleanField(default=False, verbose_name='mật khẩu cấp tạm'),
        ),
        migrations.AddField(
            model_name='seat',
            name='assists',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assistants', to='accounts.seat', verbose_name='giúp việc cho'),
        ),
        migrations.AlterField(
            model_name='seat',
            name='role',
            field=models.CharField(choices=[('clerk', 'Văn thư'), ('officer', 'Chuyên viên'), ('unit_head', 'Lãnh đạo đơn vị'), ('leader', 'Lãnh đạo cơ quan'), ('archivist', 'Lưu trữ viên'), ('administrator', 'Quản trị hệ thống'), ('axis_operator', 'Vận hành trục'), ('registrar', 'Cán bộ đăng ký chứng thư'), ('cert_officer', 'Cán bộ cấp chứng thư'), ('assistant', 'Thư ký, trợ lý lãnh đạo'), ('auditor', 'Kiểm tra, giám sát')], max_length=20, verbose_name='vai trò'),
        ),
        migrations.AddConstraint(
            model_name='seat',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('assists__isnull', False), ('role', 'assistant')), models.Q(models.Q(('role', 'assistant'), _negated=True), ('assists', None)), _connector='OR'), name='seat_of_assistant_names_the_leader'),
        ),
        migrations.AddConstraint(
            model_name='seat',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('person', '='), ('organization', '='), ('role', '='), (django.db.models.functions.comparison.Coalesce('unit', models.Value(0)), '='), (lienthong.apps.accounts.models.seats.DateRange('valid_from', 'valid_to', django.contrib.postgres.fields.ranges.RangeBoundary(inclusive_upper=True)), '&&')], name='seat_held_once'),
        ),
        migrations.AddField(
            model_name='authenticator',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='authenticators', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='delegation',
            name='entered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat', verbose_name='người ghi nhận'),
        ),
        migrations.AddField(
            model_name='delegation',
            name='giver',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations_given', to='accounts.seat', verbose_name='người giao'),
        ),
        migrations.AddField(
            model_name='delegation',
            name='holder',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations_held', to='accounts.seat', verbose_name='người thay'),
        ),
        migrations.AddField(
            model_name='delegation',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization', verbose_name='cơ quan'),
        ),
        migrations.AddField(
            model_name='identity',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identities', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='knowndevice',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='recoverycode',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sessionrecord',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='authenticator',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('credential_id__isnull', False), ('factor', 'passkey')), models.Q(('credential_id', None), ('factor', 'totp')), _connector='OR'), name='authenticator_passkey_has_credential'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to__gte', models.F('valid_from'))), name='delegation_days_in_order'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('giver', models.F('holder')), _negated=True), name='delegation_to_another'),
        ),
        migrations.AddConstraint(
            model_name='identity',
            constraint=models.UniqueConstraint(models.F('issuer'), models.F('subject'), name='identity_of_one_person'),
        ),
        migrations.AddConstraint(
            model_name='identity',
            constraint=models.UniqueConstraint(models.F('person'), models.F('issuer'), name='identity_once_for_issuer'),
        ),
        migrations.AddConstraint(
            model_name='knowndevice',
            constraint=models.UniqueConstraint(models.F('person'), models.F('token_sha256'), name='known_device_once'),
        ),
        migrations.AddConstraint(
            model_name='recoverycode',
            constraint=models.UniqueConstraint(models.F('person'), models.F('digest'), name='recovery_code_once'),
        ),
    ]
