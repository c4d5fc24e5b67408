"""The handling of incoming documents: steps, notes, questions, replies, forwarding, recall (TM-X-11)."""

import django.db.models.deletion
from django.db import migrations, models

from lienthong.apps.accounts.api import row_security

TABLES = (
    "documents_direction",
    "documents_extensionrequest",
    "documents_forwarding",
    "documents_opinionrequest",
    "documents_progressnote",
    "documents_reply",
)



class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_people_and_proofs'),
        ('directory', '0003_code_digests'),
        ('documents', '0014_statistics'),
    ]

    operations = [
        migrations.CreateModel(
            name='Direction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('supporting', models.JSONField(default=list, verbose_name='vị trí phối hợp')),
                ('text', models.TextField(blank=True, verbose_name='ý kiến chỉ đạo')),
                ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='hạn xử lý')),
                ('at', models.DateTimeField(verbose_name='lúc chỉ đạo')),
                ('taken_back_at', models.DateTimeField(blank=True, null=True, verbose_name='rút lại lúc')),
            ],
            options={
                'verbose_name': 'ý kiến chỉ đạo',
                'ordering': ('at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='ExtensionRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500, verbose_name='lý do gia hạn')),
                ('due_before', models.DateTimeField(verbose_name='hạn cũ')),
                ('wanted_on', models.DateField(verbose_name='hạn mới đề nghị')),
                ('at', models.DateTimeField(verbose_name='lúc đề nghị')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='lúc quyết định')),
                ('is_granted', models.BooleanField(blank=True, null=True, verbose_name='đồng ý')),
                ('decision', models.CharField(blank=True, max_length=500, verbose_name='ý kiến')),
            ],
            options={
                'verbose_name': 'xin gia hạn',
                'ordering': ('at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Forwarding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(blank=True, max_length=2000, verbose_name='ý kiến chuyển')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='hạn xử lý')),
                ('at', models.DateTimeField(verbose_name='lúc chuyển')),
                ('status', models.CharField(blank=True, choices=[('01', 'Đã đến'), ('02', 'Từ chối tiếp nhận'), ('03', 'Đã tiếp nhận'), ('04', 'Phân công'), ('05', 'Đang xử lý'), ('06', 'Hoàn thành'), ('13', 'Lấy lại'), ('15', 'Đồng ý lấy lại / cập nhật'), ('16', 'Từ chối lấy lại / cập nhật'), ('', 'Không rõ')], max_length=2, verbose_name='trạng thái')),
                ('status_at', models.DateTimeField(blank=True, null=True, verbose_name='lúc báo')),
                ('status_text', models.CharField(blank=True, max_length=500, verbose_name='ghi chú')),
            ],
            options={
                'verbose_name': 'chuyển xuống',
                'ordering': ('at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='OpinionRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.CharField(max_length=2000, verbose_name='nội dung xin ý kiến')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='hạn cho ý kiến')),
                ('at', models.DateTimeField(verbose_name='lúc hỏi')),
                ('answer', models.CharField(blank=True, max_length=2000, verbose_name='ý kiến')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='lúc trả lời')),
            ],
            options={
                'verbose_name': 'xin ý kiến',
                'ordering': ('at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='ProgressNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=2000, verbose_name='tiến độ')),
                ('at', models.DateTimeField(verbose_name='lúc ghi')),
            ],
            options={
                'verbose_name': 'tiến độ',
                'ordering': ('at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Reply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('closes', models.BooleanField(default=True, verbose_name='hoàn thành văn bản đến khi phát hành')),
                ('at', models.DateTimeField(verbose_name='lúc liên kết')),
            ],
            options={
                'verbose_name': 'văn bản trả lời',
                'ordering': ('at', 'id'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='incomingdocument',
            name='incoming_number_when_registered',
        ),
        migrations.RemoveConstraint(
            model_name='incomingdocument',
            name='incoming_assigned_has_lead',
        ),
        migrations.RemoveConstraint(
            model_name='statusreport',
            name='status_report_once',
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='forwarded_from',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization', verbose_name='cơ quan chuyển xuống'),
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='forwarding_id',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='chuyển từ cơ quan trên'),
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='medium',
            field=models.CharField(choices=[('packet', 'Qua trục liên thông'), ('paper', 'Bản giấy, đã số hóa'), ('handed', 'Cơ quan cấp trên chuyển xuống')], db_default='packet', default='packet', editable=False, max_length=10, verbose_name='đến bằng'),
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='recall_answered_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='trả lời thu hồi lúc'),
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='recall_asked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='yêu cầu thu hồi lúc'),
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='recall_inbound_id',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='gói tin thu hồi'),
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='recall_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=500, verbose_name='lý do thu hồi'),
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='reminded',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False, verbose_name='đã nhắc'),
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='submitted_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='lúc trình'),
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='submitted_to',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat', verbose_name='trình'),
        ),
        migrations.AddField(
            model_name='incomingdocument',
            name='version',
            field=models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='phiên bản'),
        ),
        migrations.AlterField(
            model_name='incomingdocument',
            name='inbound_id',
            field=models.BigIntegerField(blank=True, null=True, unique=True, verbose_name='gói tin đến'),
        ),
        migrations.AlterField(
            model_name='incomingdocument',
            name='packet_sha256',
            field=models.CharField(blank=True, max_length=64, verbose_name='gói tin'),
        ),
        migrations.AlterField(
            model_name='incomingdocument',
            name='state',
            field=models.CharField(choices=[('arrived', 'Chờ tiếp nhận'), ('registered', 'Chờ phân công'), ('assigned', 'Đã phân công'), ('processing', 'Đang xử lý'), ('completed', 'Hoàn thành'), ('refused', 'Đã từ chối'), ('recalled', 'Đã thu hồi')], default='arrived', max_length=20, verbose_name='trạng thái'),
        ),
        migrations.AlterField(
            model_name='statusreport',
            name='outbound_id',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='gói tin'),
        ),
        migrations.AddIndex(
            model_name='incomingdocument',
            index=models.Index(condition=models.Q(('state__in', ['assigned', 'processing'])), fields=['due_at'], name='incoming_open_by_due'),
        ),
        migrations.AddConstraint(
            model_name='incomingdocument',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('arrival_number__isnull', True), ('state__in', ['arrived', 'refused'])), models.Q(('arrival_number__isnull', False), ('state__in', ['registered', 'assigned', 'processing', 'completed'])), ('state', 'recalled'), _connector='OR'), name='incoming_number_when_registered'),
        ),
        migrations.AddConstraint(
            model_name='incomingdocument',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['arrived', 'refused', 'registered', 'recalled']), ('lead__isnull', False), _connector='OR'), name='incoming_assigned_has_lead'),
        ),
        migrations.AddConstraint(
            model_name='incomingdocument',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('inbound_id__isnull', False), ('medium', 'packet')), models.Q(('inbound_id__isnull', True), ('medium', 'paper')), models.Q(('forwarding_id__isnull', False), ('inbound_id__isnull', True), ('medium', 'handed')), _connector='OR'), name='incoming_came_by_its_medium'),
        ),
        migrations.AddConstraint(
            model_name='incomingdocument',
            constraint=models.UniqueConstraint(models.F('forwarding_id'), name='incoming_forwarded_once'),
        ),
        migrations.AddConstraint(
            model_name='statusreport',
            constraint=models.UniqueConstraint(models.F('document'), models.F('status'), condition=models.Q(('status', '16'), _negated=True), name='status_report_once'),
        ),
        migrations.AddField(
            model_name='direction',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat', verbose_name='người chỉ đạo'),
        ),
        migrations.AddField(
            model_name='direction',
            name='document',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='directions', to='documents.incomingdocument'),
        ),
        migrations.AddField(
            model_name='direction',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat', verbose_name='chủ trì'),
        ),
        migrations.AddField(
            model_name='direction',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddField(
            model_name='extensionrequest',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='extensionrequest',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='extensionrequest',
            name='document',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='extensions', to='documents.incomingdocument'),
        ),
        migrations.AddField(
            model_name='extensionrequest',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddField(
            model_name='forwarding',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='forwarding',
            name='document',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='forwardings', to='documents.incomingdocument'),
        ),
        migrations.AddField(
            model_name='forwarding',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddField(
            model_name='forwarding',
            name='to',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization', verbose_name='nơi nhận'),
        ),
        migrations.AddField(
            model_name='opinionrequest',
            name='asked',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat', verbose_name='người được hỏi'),
        ),
        migrations.AddField(
            model_name='opinionrequest',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='opinionrequest',
            name='document',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='opinions', to='documents.incomingdocument'),
        ),
        migrations.AddField(
            model_name='opinionrequest',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddField(
            model_name='progressnote',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='progressnote',
            name='document',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='documents.incomingdocument'),
        ),
        migrations.AddField(
            model_name='progressnote',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddField(
            model_name='reply',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.seat'),
        ),
        migrations.AddField(
            model_name='reply',
            name='incoming',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='documents.incomingdocument'),
        ),
        migrations.AddField(
            model_name='reply',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organization'),
        ),
        migrations.AddField(
            model_name='reply',
            name='outgoing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='documents.outgoingdocument'),
        ),
        migrations.AddConstraint(
            model_name='extensionrequest',
            constraint=models.UniqueConstraint(models.F('document'), condition=models.Q(('decided_at', None)), name='extension_open_once'),
        ),
        migrations.AddConstraint(
            model_name='extensionrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('is_granted', None)), models.Q(models.Q(('decided_at', None), _negated=True), models.Q(('decided_by', None), _negated=True), models.Q(('is_granted', None), _negated=True)), _connector='OR'), name='extension_decided_whole'),
        ),
        migrations.AddConstraint(
            model_name='forwarding',
            constraint=models.UniqueConstraint(models.F('document'), models.F('to'), name='forwarded_once_to_each'),
        ),
        migrations.AddConstraint(
            model_name='opinionrequest',
            constraint=models.UniqueConstraint(models.F('document'), models.F('asked'), condition=models.Q(('answered_at', None)), name='opinion_asked_once'),
        ),
        migrations.AddConstraint(
            model_name='opinionrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at', None)), models.Q(models.Q(('answer', ''), _negated=True), models.Q(('answered_at', None), _negated=True)), _connector='OR'), name='opinion_answered_with_words'),
        ),
        migrations.AddConstraint(
            model_name='reply',
            constraint=models.UniqueConstraint(models.F('incoming'), models.F('outgoing'), name='reply_once'),
        ),
        *(row_security(table) for table in TABLES),
    ]
