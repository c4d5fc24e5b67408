"""What the forms and lists of the desk have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import CharField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.rules import UrgencyLevel
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState

EMPTY = ("", _("Chọn…"))
PAGE_SIZE = 50  # rows of a list


class DateInput(forms.DateInput):
    """The browser's own date field, which asks for ISO dates whatever the language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=False,
        widget=DateInput(),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
    )


def say_what_is_missing(form: forms.Form) -> None:
    """In place of "this field is required", which does not say what to do."""
    for field in form.fields.values():
        to_choose = isinstance(field, forms.ChoiceField | forms.MultipleChoiceField)
        field.error_messages["required"] = _("Hãy chọn.") if to_choose else _("Hãy nhập.")


def seat_choices(seats: Iterable[Seat]) -> list[tuple[str, str]]:
    return [(str(seat.pk), f"{seat.person.full_name} – {seat.position}") for seat in seats]


def one_of(seats: Iterable[Seat]) -> list[tuple[str, Any]]:
    """The seats to choose one from; the only one there is stands chosen."""
    choices: list[tuple[str, Any]] = [*seat_choices(seats)]
    return choices if len(choices) == 1 else [EMPTY, *choices]


def seat_id(value: Any) -> int:
    return int(value)


class _Unaccent(Func):
    function = "unaccent"
    output_field = CharField()


def search(documents: QuerySet[Any], text: str, *fields: str) -> QuerySet[Any]:
    """Keep the documents in which every word of `text` occurs, whatever its accents and case."""
    parts = [part for name in fields for part in (F(name), Value(" "))]
    whole = Concat(*parts, output_field=CharField())
    documents = documents.annotate(searched=_Unaccent(whole))
    for word in directory.plain(text).split():
        documents = documents.filter(Q(searched__icontains=word))
    return documents


class ListFilter(forms.Form):
    """What a list is narrowed to. Anything wrong in the address narrows nothing."""

    SEARCHED_MAX = 5_000  # documents in which `q` is looked for

    q = forms.CharField(
        label=_("Tìm"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Số ký hiệu, trích yếu, cơ quan")}
        ),
    )
    state = forms.ChoiceField(label=_("Trạng thái"), required=False)
    urgency = forms.ChoiceField(
        label=_("Độ khẩn"), required=False, choices=[("", _("Tất cả")), *UrgencyLevel.choices]
    )

    states: type[IncomingState | OutgoingState]
    searched: tuple[str, ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        state = self.fields["state"]
        assert isinstance(state, forms.ChoiceField)  # noqa: S101  the declaration above says so
        state.choices = [("", _("Tất cả")), *self.states.choices]

    def narrow(self, documents: QuerySet[Any]) -> QuerySet[Any]:
        """Return the documents that the filter asks for."""
        self.is_valid()
        wanted = self.cleaned_data
        if wanted.get("q"):
            documents = search(documents, wanted["q"], *self.searched)
        if wanted.get("state"):
            documents = documents.filter(state=wanted["state"])
        if wanted.get("urgency"):
            documents = documents.filter(urgency=wanted["urgency"])
        return documents
