"""Work files: yearly list, contents, clocks, hand-overs; seen by their agency only (TM-X-11)."""

import django.db.models.deletion
import lienthong.apps.documents.models.dossiers
from django.db import migrations, models

from lienthong.apps.accounts.api import row_security


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_registration_roles'),
        ('directory', '0002_changes'),
        ('documents', '0005_electronic_copies'),
    ]

    operations = [
        migrations.CreateModel(
            name='DossierItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(verbose_name='số thứ tự trong hồ sơ')),
                ('added_at', models.DateTimeField(verbose_name='thêm lúc')),
                ('removed_at', models.DateTimeField(blank=True, null=True, verbose_name='bỏ ra lúc')),
                ('removal_reason', models.CharField(blank=True, max_length=500, verbose_name='lý do bỏ ra')),
            ],
            options={
                'verbose_name': 'văn bản trong hồ sơ',
                'ordering': ('position', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='DossierList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(verbose_name='năm')),
                ('state', models.CharField(choices=[('draft', 'Đang lập'), ('issued', 'Đã ban hành')], default='draft', max_length=10, verbose_name='trạng thái')),
                ('basis', models.CharField(blank=True, max_length=200, verbose_name='văn bản ban hành')),
                ('issued_on', models.DateField(blank=True, null=True, verbose_name='ngày ban hành')),
            ],
            options={
                'verbose_name': 'danh mục hồ sơ',
                'ordering': ('-year',),
            },
        ),
        migrations.CreateModel(
            name='DossierListEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, verbose_name='số, ký hiệu hồ sơ')),
                ('title', models.CharField(max_length=500, verbose_name='tiêu đề hồ sơ')),
                ('retention', models.CharField(max_length=30, verbose_name='thời hạn bảo quản')),
                ('kind', models.CharField(choices=[('ordinary', 'Hồ sơ thường'), ('construction', 'Xây dựng cơ bản')], default='ordinary', max_length=20, verbose_name='loại')),
                ('proposed_at', models.DateTimeField(verbose_name='đề xuất lúc')),
            ],
            options={
                'verbose_name': 'hồ sơ trong danh mục',
                'ordering': ('code', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='HandOver',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('archive', 'Nộp lưu trữ cơ quan'), ('successor', 'Bàn giao cho người kế nhiệm')], max_length=20, verbose_name='loại')),
                ('state', models.CharField(choices=[('prepared', 'Chờ bên giao ký'), ('given', 'Chờ bên nhận ký'), ('taken', 'Đã bàn giao'), ('returned', 'Bị trả lại')], default='prepared', max_length=20, verbose_name='trạng thái')),
                ('record_sha256', models.CharField(max_length=64, verbose_name='biên bản')),
                ('prepared_at', models.DateTimeField(verbose_name='lập lúc')),
                ('given_at', models.DateTimeField(blank=True, null=True, verbose_name='bên giao ký lúc')),
                ('taken_at', models.DateTimeField(blank=True, null=True, verbose_name='bên nhận ký lúc')),
                ('return_reason', models.CharField(blank=True, max_length=500, verbose_name='lý do trả lại')),
            ],
            options={
                'verbose_name': 'biên bản bàn giao hồ sơ',
                'ordering': ('-prepared_at',),
            },
        ),
        migrations.CreateModel(
            name='HandOverLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contents_sha256', models.CharField(max_length=64, verbose_name='mã băm nội dung')),
            ],
            options={
                'verbose_name': 'hồ sơ bàn giao',
                'ordering': ('dossier__year', 'dossier__code', 'pk'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='dossier',
            name='dossier_code_once',
        ),
        migrations.AddField(
            model_name='dossier',
            name='access',
            field=models.CharField(choices=[('normal', 'Sử dụng trong cơ quan'), ('restricted', 'Hạn chế')], default='normal', max_length=20, verbose_name='chế độ sử dụng'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='approved_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='duyệt mở lúc'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='approved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='description',
            field=models.CharField(blank=True, max_length=500, verbose_name='ghi chú'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='due_on',
            field=models.DateField(blank=True, null=True, verbose_name='phải nộp trước hết ngày'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='hand_over_by',
            field=models.DateField(blank=True, null=True, verbose_name='hạn nộp lưu'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='handed_over_on',
            field=models.DateField(blank=True, null=True, verbose_name='ngày nộp lưu'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='kept_reason',
            field=models.CharField(blank=True, max_length=500, verbose_name='văn bản đồng ý giữ lại'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='kind',
            field=models.CharField(choices=[('ordinary', 'Hồ sơ thường'), ('construction', 'Xây dựng cơ bản')], default='ordinary', max_length=20, verbose_name='loại'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='language',
            field=models.CharField(default='Tiếng Việt', max_length=50, verbose_name='ngôn ngữ'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='retention_ends_on',
            field=models.DateField(blank=True, null=True, verbose_name='hết thời hạn bảo quản'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='state',
            field=models.CharField(choices=[('proposed', 'Chờ duyệt mở'), ('open', 'Đang mở'), ('closed', 'Đã kết thúc'), ('handed_over', 'Đã nộp lưu')], default='open', max_length=20, verbose_name='trạng thái'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='year',
            field=models.PositiveSmallIntegerField(default=lienthong.apps.documents.models.dossiers.this_year, verbose_name='năm hình thành'),
        ),
        migrations.AddField(
            model_name='dossieritem',
            name='added_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='dossieritem',
            name='dossier',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='documents.dossier'),
        ),
        migrations.AddField(
            model_name='dossieritem',
            name='incoming',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dossier_items', to='documents.incomingdocument'),
        ),
        migrations.AddField(
            model_name='dossieritem',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddField(
            model_name='dossieritem',
            name='outgoing',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dossier_items', to='documents.outgoingdocument'),
        ),
        migrations.AddField(
            model_name='dossieritem',
            name='removed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='dossierlist',
            name='issued_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='dossierlist',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddField(
            model_name='dossierlistentry',
            name='keeper',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='dossierlistentry',
            name='list',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='documents.dossierlist'),
        ),
        migrations.AddField(
            model_name='dossierlistentry',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddField(
            model_name='dossierlistentry',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='dossierlistentry',
            name='unit',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.unit'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='entry',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dossiers', to='documents.dossierlistentry'),
        ),
        migrations.AddIndex(
            model_name='dossier',
            index=models.Index(fields=['organization', 'state', 'due_on'], name='dossier_due'),
        ),
        migrations.AddConstraint(
            model_name='dossier',
            constraint=models.UniqueConstraint(models.F('organization'), models.F('year'), models.F('code'), name='dossier_code_once'),
        ),
        migrations.AddConstraint(
            model_name='dossier',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'open']), ('closed_on__isnull', False), _connector='OR'), name='dossier_closed_has_day'),
        ),
        migrations.AddField(
            model_name='handover',
            name='giver',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='handover',
            name='keeper',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='handover',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddField(
            model_name='handover',
            name='taker',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='handoverline',
            name='dossier',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hand_overs', to='documents.dossier'),
        ),
        migrations.AddField(
            model_name='handoverline',
            name='hand_over',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='documents.handover'),
        ),
        migrations.AddField(
            model_name='handoverline',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddConstraint(
            model_name='dossieritem',
            constraint=models.CheckConstraint(condition=models.Q(('outgoing__isnull', True), ('incoming__isnull', True), _connector='XOR'), name='dossier_item_is_one_document'),
        ),
        migrations.AddConstraint(
            model_name='dossieritem',
            constraint=models.UniqueConstraint(models.F('dossier'), models.F('incoming'), condition=models.Q(('removed_at', None)), name='dossier_incoming_once'),
        ),
        migrations.AddConstraint(
            model_name='dossieritem',
            constraint=models.UniqueConstraint(models.F('dossier'), models.F('outgoing'), condition=models.Q(('removed_at', None)), name='dossier_outgoing_once'),
        ),
        migrations.AddConstraint(
            model_name='dossierlist',
            constraint=models.UniqueConstraint(models.F('organization'), models.F('year'), name='dossier_list_once_a_year'),
        ),
        migrations.AddConstraint(
            model_name='dossierlistentry',
            constraint=models.UniqueConstraint(models.F('list'), models.F('code'), name='dossier_list_code_once'),
        ),
        migrations.AddConstraint(
            model_name='handoverline',
            constraint=models.UniqueConstraint(models.F('hand_over'), models.F('dossier'), name='hand_over_dossier_once'),
        ),
        row_security("documents_dossierlist"),
        row_security("documents_dossierlistentry"),
        row_security("documents_dossieritem"),
        row_security("documents_handover"),
        row_security("documents_handoverline"),
    ]
