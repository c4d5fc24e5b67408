"""What people type about an incoming document, checked for shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.forms import (
    EMPTY,
    ListFilter,
    day,
    one_of,
    say_what_is_missing,
    seat_choices,
    seat_id,
)
from lienthong.apps.documents.dossiers.queries import open_dossiers
from lienthong.apps.documents.incoming import forwarding, queries
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules.incoming import IncomingState, RefusalReason

Choices = Sequence[tuple[Any, Any]]


def lines(label: Any, *, rows: int = 3, longest: int = 2000, required: bool = True) -> Any:
    """A field of several lines."""
    return forms.CharField(
        label=label,
        max_length=longest,
        required=required,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class ActForm(forms.Form):
    """What one act on one document asks for. Without fields it is a question of yes."""

    def __init__(self, actor: Actor, document: IncomingDocument, data: Any = None) -> None:
        super().__init__(data, initial=self.suggested(document))
        self.actor, self.document = actor, document
        say_what_is_missing(self)
        self.prepare()

    @staticmethod
    def suggested(document: IncomingDocument) -> dict[str, Any]:
        """What the fields say before anybody types."""
        del document
        return {}

    def prepare(self) -> None:
        """Fill the choices."""

    def choose(self, name: str, choices: Choices) -> None:
        """Let the field `name` offer these."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  the declarations say so
        field.choices = list(choices)


class RefuseForm(ActForm):
    """DX-21: a reason from the closed list, and an explanation for the sender."""

    reason = forms.ChoiceField(label=_("Lý do"), choices=[EMPTY, *RefusalReason.choices])
    text = lines(_("Giải thích gửi cơ quan gửi"), longest=500)


class SubmitForm(ActForm):
    """DX-25: before whom it is put."""

    to = forms.TypedChoiceField(label=_("Trình"), coerce=seat_id)
    note = lines(_("Ý kiến trình"), rows=2, longest=500, required=False)

    def prepare(self) -> None:
        self.choose("to", one_of(queries.directors(self.actor.organization_id)))


class AssignForm(ActForm):
    """DX-26: who leads, who supports, the directive, the deadline.

    `quick` offers the likely leads as one tap each; `lead` is everybody.
    """

    quick = forms.TypedChoiceField(
        label=_("Chủ trì"),
        required=False,
        coerce=seat_id,
        empty_value=None,
        widget=forms.RadioSelect(),
    )
    lead = forms.TypedChoiceField(
        label=_("Hoặc người khác chủ trì"), required=False, coerce=seat_id, empty_value=None
    )
    directive = lines(_("Ý kiến chỉ đạo"), rows=2, required=False)
    due_on = day(_("Hạn xử lý"))
    supporting = forms.TypedMultipleChoiceField(
        label=_("Phối hợp"), required=False, coerce=seat_id, widget=forms.CheckboxSelectMultiple
    )

    @staticmethod
    def suggested(document: IncomingDocument) -> dict[str, Any]:
        return {"due_on": document.due_on}

    def prepare(self) -> None:
        seats = seat_choices(queries.officers(self.actor.organization_id))
        likely = queries.suggested_leads(self.actor, self.document)
        self.choose("lead", [EMPTY, *seats])
        self.choose("supporting", seats)
        self.choose("quick", seat_choices(likely))
        if not likely:
            self.fields["quick"].widget = forms.HiddenInput()
            self.fields["lead"].label = _("Chủ trì")

    def clean(self) -> dict[str, Any]:
        """One lead, by whichever of the two fields."""
        found = super().clean() or {}
        quick, lead = found.get("quick"), found.get("lead")
        if quick and lead and quick != lead:
            self.add_error("lead", _("Chỉ một người chủ trì: hãy bỏ một trong hai lựa chọn."))
        elif not quick and not lead and "lead" not in self.errors and "quick" not in self.errors:
            self.add_error("lead", _("Hãy chọn."))
        return found | {"lead": lead or quick}


class FileForm(ActForm):
    """Why there is nothing to do."""

    note = lines(_("Lý do"), rows=2, longest=500)

    @staticmethod
    def suggested(document: IncomingDocument) -> dict[str, Any]:
        del document
        return {"note": str(_("Để biết, lưu"))}


class ProgressForm(ActForm):
    """How far the work is."""

    text = lines(_("Đã làm đến đâu"))


class OpinionForm(ActForm):
    """Whom to ask, what, and until when."""

    asked = forms.TypedMultipleChoiceField(
        label=_("Xin ý kiến của"), coerce=seat_id, widget=forms.CheckboxSelectMultiple
    )
    question = lines(_("Nội dung xin ý kiến"))
    due_on = day(_("Hạn cho ý kiến"))

    def prepare(self) -> None:
        self.choose("asked", seat_choices(queries.advisers(self.actor)))


class AnswerForm(ActForm):
    """The opinion that was asked for."""

    answer = lines(_("Ý kiến của tôi"))


class ExtensionForm(ActForm):
    """Until when, and why."""

    wanted_on = day(_("Hạn mới đề nghị"))
    reason = lines(_("Lý do"), rows=2, longest=500)

    def prepare(self) -> None:
        self.fields["wanted_on"].required = True


class DecisionForm(ActForm):
    """Yes or no to an extension; a no says why."""

    granted = forms.TypedChoiceField(
        label=_("Quyết định"),
        choices=[("yes", _("Đồng ý gia hạn")), ("no", _("Không gia hạn"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect(),
    )
    decision = lines(_("Ý kiến"), rows=2, longest=500, required=False)


class ReplyForm(ActForm):
    """Which of our documents answers this one."""

    outgoing = forms.ChoiceField(label=_("Văn bản trả lời"))
    closes = forms.BooleanField(
        label=_("Hoàn thành văn bản đến khi văn bản này phát hành"), required=False, initial=True
    )

    def prepare(self) -> None:
        known = queries.reply_choices(self.actor)
        names = [(str(one.pk), f"{one.reference} · {one.subject}"[:120]) for one in known]
        self.choose("outgoing", [EMPTY, *names])


class ForwardForm(ActForm):
    """To which agencies below, with what word, until when."""

    to = forms.TypedMultipleChoiceField(
        label=_("Chuyển tới"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    text = lines(_("Ý kiến chuyển"), rows=2, required=False)
    due_on = day(_("Hạn xử lý"))

    def prepare(self) -> None:
        held = {line.to_id for line in self.document.forwardings.all()}
        known = forwarding.below(self.actor.organization_id)
        self.choose("to", [(str(one.pk), one.name) for one in known if one.pk not in held])


class HandOverForm(ActForm):
    """Who takes over, and why."""

    seat = forms.TypedChoiceField(label=_("Người tiếp tục chủ trì"), coerce=seat_id)
    reason = lines(_("Lý do"), rows=2, longest=500)

    def prepare(self) -> None:
        known = queries.officers(self.actor.organization_id)
        others = [seat for seat in known if seat.pk != self.document.lead_id]
        self.choose("seat", [EMPTY, *seat_choices(others)])


class FinishForm(ActForm):
    """The result, and the dossier it is filed in: one that is open, or a new one."""

    note = lines(_("Kết quả xử lý"))
    dossier = forms.TypedChoiceField(
        label=_("Hồ sơ đang mở"), required=False, coerce=int, empty_value=None
    )
    dossier_title = forms.CharField(
        label=_("Hoặc tiêu đề hồ sơ mới"), required=False, max_length=500
    )

    def prepare(self) -> None:
        known = [(str(d.pk), str(d)) for d in open_dossiers(self.actor)]
        self.choose("dossier", [EMPTY, *known])
        if not known:  # the first dossier: nothing to choose from, and a title that fits
            self.fields["dossier"].widget = forms.HiddenInput()
            self.fields["dossier_title"].label = _("Tiêu đề hồ sơ mới")
            self.initial["dossier_title"] = self.document.subject


class ReopenForm(ActForm):
    """Why finished work is opened again."""

    reason = lines(_("Lý do mở lại"), rows=2, longest=500)


class DeclineRecallForm(ActForm):
    """Why the document is not given back (DX-41)."""

    reason = lines(_("Lý do gửi cơ quan yêu cầu thu hồi"), rows=2, longest=500)


class HandOverAllForm(forms.Form):
    """Who takes over everything that somebody left."""

    to = forms.TypedChoiceField(coerce=seat_id)
    reason = forms.CharField(max_length=500)

    def __init__(self, actor: Actor, data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  the declaration says so
        field.choices = seat_choices(queries.officers(actor.organization_id))


class IncomingFilter(ListFilter):
    """The filter of the incoming list."""

    states = IncomingState
    searched = ("number", "notation", "subject", "sender_name", "document_id")


class ManyForm(forms.Form):
    """One act on the documents that are ticked in the list."""

    ACCEPT, SUBMIT, DIRECT = "accept", "submit", "direct"

    act = forms.ChoiceField(choices=[(one, one) for one in (ACCEPT, SUBMIT, DIRECT)])
    chosen = forms.TypedMultipleChoiceField(coerce=UUID)
    to = forms.TypedChoiceField(label=_("Trình"), required=False, coerce=seat_id, empty_value=None)
    lead = forms.TypedChoiceField(
        label=_("Chủ trì"), required=False, coerce=seat_id, empty_value=None
    )
    directive = forms.CharField(label=_("Ý kiến chỉ đạo"), required=False, max_length=2000)
    due_on = day(_("Hạn xử lý"))

    def __init__(self, actor: Actor, data: Any = None) -> None:
        super().__init__(data)
        organization_id = actor.organization_id
        ids = data.getlist("chosen") if data is not None else []
        for name, choices in (
            ("chosen", [(one, one) for one in ids]),
            ("to", [EMPTY, *seat_choices(queries.directors(organization_id))]),
            ("lead", [EMPTY, *seat_choices(queries.officers(organization_id))]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  the declarations say so
            field.choices = choices
        self.fields["chosen"].error_messages["required"] = _("Hãy đánh dấu ít nhất một văn bản.")

    def clean(self) -> dict[str, Any]:
        """Each act has its own needed field; what is chosen are documents."""
        found = super().clean() or {}
        needed = {self.SUBMIT: "to", self.DIRECT: "lead"}.get(found.get("act", ""))
        if needed and not found.get(needed):
            self.add_error(needed, _("Hãy chọn."))
        return found
