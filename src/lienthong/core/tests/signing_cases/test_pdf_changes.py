"""Documents changed after signing, or prepared for a later change (SG 8, R24 to R28).

Each manipulation is tried in three places: after the last signature, between the person's and the
agency's, and together with the agency's in one revision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from lienthong.core.signing import DocumentReport, Indication
from lienthong.core.tests.pki_fixture import test_pki
from lienthong.core.tests.signing_cases import forger, judge
from lienthong.core.tests.signing_cases.forger import (
    AGENCY,
    CATALOG,
    CONTENT,
    FALSE,
    FONT,
    FORM,
    HONEST,
    IMAGE,
    LAYER,
    PAGE,
    PAGES,
    PERSON,
    TEXT,
    form_xobject,
    objects,
    stream,
)
from lienthong.core.tests.signing_cases.rules import rule

COVER, SPARE = 12, 13  # objects that a document has from the start
NEW, NEWER = 50, 51  # objects that a manipulation adds
BASE = objects()
WHITE = b"1 g 0 0 595 842 re f 0 g "


@dataclass(frozen=True)
class Trick:
    """What the signed document looks like, and what is done to it afterwards."""

    name: str
    changes: Mapping[int, bytes] = field(default_factory=dict)
    base: Mapping[int, bytes] = field(default_factory=lambda: BASE)
    freed: Iterable[int] = ()

    def __str__(self) -> str:
        return self.name

    def start(self) -> bytes:
        return forger.document(self.base)

    def apply(self, data: bytes) -> bytes:
        return forger.write(data, self.changes, freed=self.freed)


def after(trick: Trick) -> DocumentReport:
    return judge.refused(trick.apply(forger.both(trick.start())))


def between(trick: Trick) -> DocumentReport:
    changed = trick.apply(forger.sign(trick.start()))
    return judge.refused(forger.sign(changed, field=AGENCY))


def together(trick: Trick) -> DocumentReport:
    if trick.freed:
        return between(trick)
    return judge.refused(forger.both(trick.start(), trick.changes))


MOMENTS = pytest.mark.parametrize("moment", [after, between, together])
Moment = Callable[[Trick], DocumentReport]


def person_fails(report: DocumentReport) -> None:
    assert report.signatures[0].field == "NguoiKy"
    assert report.signatures[0].indication is Indication.FAILED
    assert report.signatures[0].sub_indication == "HASH_FAILURE"


def entry(number: int, old: bytes, new: bytes) -> dict[int, bytes]:
    """An object of the document with one part replaced."""
    if old not in BASE[number]:
        raise AssertionError(f"{old!r} is not in object {number}")
    return {number: BASE[number].replace(old, new)}


# Shadow attacks: prepared before signing, so what is signed holds both contents


def covered(by: str) -> dict[int, bytes]:
    """False content under a cover that shows the honest one."""
    cover = form_xobject(WHITE + HONEST)
    if by == "form":
        content = {CONTENT: stream(FALSE + b" /Cover Do")}
        page = entry(PAGE, b"/Im 10 0 R", b"/Im 10 0 R /Cover 12 0 R")
        return dict(BASE) | content | page | {COVER: cover}
    stamp = (
        b"<< /Type /Annot /Subtype /Stamp /F 4 /Rect [0 0 595 842] /P 3 0 R /AP << /N 13 0 R >> >>"
    )
    return (
        dict(BASE)
        | {CONTENT: stream(FALSE)}
        | entry(PAGE, b"9 0 R]", b"9 0 R 12 0 R]")
        | {COVER: stamp, SPARE: cover}
    )


SHADOWS = [
    Trick("hide: the cover is emptied", {COVER: form_xobject(b"")}, covered("form")),
    Trick("hide: the cover is freed", {}, covered("form"), freed=[COVER]),
    Trick(
        "hide: the cover is a stamp made invisible",
        {COVER: b"<< /Type /Annot /Subtype /Stamp /F 2 /Rect [0 0 0 0] /P 3 0 R >>"},
        covered("stamp"),
    ),
    Trick(
        "hide: the cover is turned into an image of nothing",
        {COVER: stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 0 0]")},
        covered("form"),
    ),
    Trick(
        "replace: the text field shows its value instead of its picture",
        {TEXT: BASE[TEXT].replace(b"/V (10)", b"/V (900)")},
        dict(BASE)
        | entry(TEXT, b"/V (10)", b"/V (10) /AP << /N 12 0 R >>")
        | {COVER: form_xobject(b"")},
    ),
    Trick(
        "replace: the font shows other digits",
        {
            FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica"
            b" /Encoding << /Differences [49 /nine 48 /nine] >> >>"
        },
    ),
    Trick(
        "hide and replace: another page content waits in the file",
        entry(PAGE, b"/Contents 4 0 R", b"/Contents 13 0 R"),
        dict(BASE) | {SPARE: stream(FALSE)},
    ),
    Trick(
        "hide and replace: another page waits in the file",
        entry(PAGES, b"[3 0 R]", b"[13 0 R]"),
        dict(BASE) | {SPARE: BASE[PAGE].replace(b"4 0 R", b"14 0 R"), 14: stream(FALSE)},
    ),
]


@rule("R24")
@MOMENTS
@pytest.mark.parametrize("trick", SHADOWS, ids=str)
def test_a_shadow_does_not_come_out(trick: Trick, moment: Moment) -> None:
    person_fails(moment(trick))


@rule("R24")
@pytest.mark.parametrize("when", ["after", "between"])
def test_a_cross_reference_alone_brings_no_shadow_out(when: str) -> None:
    """Two bodies of one number in the signed file; the update only points to the other."""
    head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    hidden = head + b"4 0 obj\n%s\nendobj\n" % stream(FALSE)
    start = forger.write(hidden, BASE)
    places = {CONTENT: len(head)}
    if when == "after":
        report = judge.refused(forger.write(forger.both(start), {}, places=places))
    else:
        changed = forger.write(forger.sign(start), {}, places=places)
        report = judge.refused(forger.sign(changed, field=AGENCY))

    person_fails(report)


@rule("R24")
@pytest.mark.parametrize("number", [NEW, 12])
def test_a_reference_prepared_to_nothing_stays_nothing(number: int) -> None:
    """The page points to an object that comes only with the next revision."""
    base = dict(BASE) | entry(PAGE, b"/Contents 4 0 R", b"/Contents [4 0 R %d 0 R]" % number)

    report = judge.refused(forger.both(forger.document(base), {number: stream(FALSE)}))

    person_fails(report)


# Forms


FORMS = [
    Trick("the value of a text field", entry(TEXT, b"/V (10)", b"/V (900)")),
    Trick(
        "the appearance of a text field",
        entry(TEXT, b"/V (10)", b"/V (10) /AP << /N 50 0 R >>") | {NEW: form_xobject(FALSE)},
    ),
    Trick("the place of a text field", entry(TEXT, b"72 600 172 620", b"0 0 595 842")),
    Trick("the value of a text field taken away", entry(TEXT, b"/V (10)", b"")),
    Trick(
        "the place of the empty signature field", entry(AGENCY, b"240 80 350 190", b"0 0 595 842")
    ),
    Trick(
        "the label of the empty signature field", entry(AGENCY, b"(CoQuan)", b"(CoQuan) /TU (x)")
    ),
    Trick(
        "viewers asked to draw fields anew", entry(FORM, b"/SigFlags 3", b"/NeedAppearances true")
    ),
    Trick("the look of all fields", entry(FORM, b"/SigFlags 3", b"/SigFlags 3 /DA (/F1 0 Tf)")),
    Trick("a field taken away", entry(FORM, b"8 0 R 9 0 R", b"8 0 R")),
    Trick("a calculation added", entry(FORM, b"/SigFlags 3", b"/SigFlags 3 /CO [9 0 R]")),
]


@rule("R25")
@MOMENTS
@pytest.mark.parametrize("trick", FORMS, ids=str)
def test_a_changed_form_is_noticed(trick: Trick, moment: Moment) -> None:
    person_fails(moment(trick))


@rule("R25")
@pytest.mark.parametrize("moment", ["after", "between", "together"])
@pytest.mark.parametrize("what", ["picture", "place", "hidden"])
def test_the_look_of_a_given_signature_stays(what: str, moment: str) -> None:
    once = forger.sign(forger.document())
    own = forger.body_of(once, PERSON)
    changed = {
        "picture": forger.with_entries(own, b" /AP << /N 50 0 R >>"),
        "place": own.replace(b"300 100 450 160", b"0 0 595 842"),
        "hidden": own.replace(b"/F 132", b"/F 134"),
    }[what]
    assert changed != own
    bodies = {PERSON: changed, NEW: form_xobject(FALSE)}

    if moment == "after":
        forged = forger.write(forger.sign(once, field=AGENCY), bodies)
    elif moment == "between":
        forged = forger.sign(forger.write(once, bodies), field=AGENCY)
    else:
        forged = forger.sign(once, field=AGENCY, changes=bodies)

    person_fails(judge.refused(forged))


# Pages, annotations, resources, catalog


def annotation(kind: bytes, more: bytes = b"") -> Mapping[int, bytes]:
    note = (
        b"<< /Type /Annot /Subtype /%s /F 4 /Rect [72 690 500 720] /P 3 0 R"
        b" /Contents (900 trieu) /DA (/F1 24 Tf) /AP << /N 51 0 R >> %s >>" % (kind, more)
    )
    page = entry(PAGE, b"9 0 R]", b"9 0 R 50 0 R]")
    return page | {NEW: note, NEWER: form_xobject(WHITE + FALSE, b"0 0 428 30")}


OTHER_PAGE = BASE[PAGE].replace(b"/Annots [7 0 R 8 0 R 9 0 R]", b"").replace(b"4 0 R", b"51 0 R")

PAGES_AND_MORE = [
    *(
        Trick(f"a {kind.decode()} annotation added", annotation(kind))
        for kind in (b"FreeText", b"Stamp", b"Redact", b"Square", b"Highlight", b"Text", b"Link")
    ),
    Trick("an annotation moved", entry(PAGE, b"[7 0 R 8 0 R 9 0 R]", b"[9 0 R 8 0 R 7 0 R]")),
    Trick("an annotation removed", entry(PAGE, b"9 0 R]", b"]")),
    Trick(
        "a page added",
        entry(PAGES, b"[3 0 R] /Count 1", b"[3 0 R 50 0 R] /Count 2")
        | {NEW: OTHER_PAGE, NEWER: stream(FALSE)},
    ),
    Trick(
        "a page exchanged",
        entry(PAGES, b"[3 0 R]", b"[50 0 R]") | {NEW: OTHER_PAGE, NEWER: stream(FALSE)},
    ),
    Trick("the page content", {CONTENT: stream(FALSE)}),
    Trick("page content added", entry(PAGE, b"4 0 R", b"[4 0 R 50 0 R]") | {NEW: stream(FALSE)}),
    Trick("the page turned", entry(PAGE, b"/Contents", b"/Rotate 180 /Contents")),
    Trick("the page cut", entry(PAGE, b"[0 0 595 842]", b"[0 0 595 600]")),
    Trick("the font", {FONT: BASE[FONT].replace(b"Helvetica", b"Symbol")}),
    Trick(
        "a font of its own for the page",
        entry(PAGE, b"/F1 5 0 R", b"/F1 50 0 R")
        | {NEW: BASE[FONT].replace(b"Helvetica", b"Symbol")},
    ),
    Trick("the image", {IMAGE: BASE[IMAGE].replace(b"\x00" * 12, b"\xff" * 12)}),
    Trick("a layer turned off", entry(CATALOG, b"/OFF []", b"/OFF [11 0 R]")),
    Trick("layers off from the start", entry(CATALOG, b"/OFF []", b"/BaseState /OFF")),
    Trick("the layer itself", {LAYER: b"<< /Type /OCG /Name (Lop) /Intent /Design >>"}),
    Trick("all layers gone", {CATALOG: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>"}),
    Trick(
        "a script on opening",
        entry(CATALOG, b"/Pages", b"/OpenAction << /S /JavaScript /JS (1) >> /Pages"),
    ),
    Trick("an attachment", entry(CATALOG, b"/Pages", b"/Names << /EmbeddedFiles 50 0 R >> /Pages")),
    Trick("page labels", entry(CATALOG, b"/Pages", b"/PageLabels << /Nums [0 50 0 R] >> /Pages")),
    Trick("the page tree", entry(CATALOG, b"/Pages 2 0 R", b"/Pages 50 0 R") | {NEW: BASE[PAGES]}),
    Trick("a font freed", {}, freed=[FONT]),
]  # fmt: skip


@rule("R26")
@MOMENTS
@pytest.mark.parametrize("trick", PAGES_AND_MORE, ids=str)
def test_what_is_shown_stays_what_was_signed(trick: Trick, moment: Moment) -> None:
    person_fails(moment(trick))


@rule("R26")
def test_another_catalog_is_noticed() -> None:
    signed = forger.sign(forger.document())
    bodies = {NEW: BASE[CATALOG].replace(b"/Pages 2 0 R", b"/Pages 51 0 R"), NEWER: BASE[PAGES]}

    changed = forger.write(signed, bodies, root=NEW, entries=b"/Root %d 0 R" % NEW)

    judge.no_signature_passes(judge.refused(changed))


# Certified documents


def certified(level: int, changes: Mapping[int, bytes] | None = None) -> bytes:
    """A document certified by the person at a level of DocMDP."""
    reference = (
        b"/Reference [<< /Type /SigRef /TransformMethod /DocMDP"
        b" /TransformParams << /Type /TransformParams /V /1.2 /P %d >> >>]" % level
    )
    catalog = entry(CATALOG, b"/Pages", b"/Perms << /DocMDP 30 0 R >> /Pages")
    return forger.sign(forger.document(), more=reference, changes=catalog | dict(changes or {}))


@rule("R27")
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize(
    "trick",
    [
        Trick("an evil annotation", annotation(b"FreeText")),
        Trick("a form filled in", entry(TEXT, b"/V (10)", b"/V (900)")),
        Trick("the page content", {CONTENT: stream(FALSE)}),
    ],
    ids=str,
)
@pytest.mark.parametrize("sealed", [False, True])
def test_certification_allows_no_more_than_we_do(trick: Trick, level: int, sealed: bool) -> None:
    """Level 2 permits filling in and level 3 annotations; an official document has neither."""
    changed = trick.apply(certified(level))

    report = judge.refused(forger.sign(changed, field=AGENCY) if sealed else changed)

    person_fails(report)


@rule("R27")
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("by", ["a stranger", "an agency"])
def test_a_signature_sneaked_in_over_the_content_is_refused(level: int, by: str) -> None:
    """The sneaky signature: a new field whose picture covers the page, signed by itself."""
    box = b"72 690 500 720"
    bodies = (
        entry(FORM, b"9 0 R]", b"9 0 R 50 0 R]")
        | entry(PAGE, b"9 0 R]", b"9 0 R 50 0 R]")
        | {
            NEW: forger.signature_field(b"Khac", box, b"/AP << /N 51 0 R >>"),
            NEWER: form_xobject(WHITE + FALSE, b"0 0 428 30"),
        }
    )
    signer = test_pki().agency() if by == "an agency" else test_pki().person("Kẻ lạ", "X99")

    report = judge.refused(
        forger.sign(certified(level), field=NEW, value=60, signer=signer, changes=bodies)
    )

    person_fails(report)


@rule("R27")
def test_a_document_certified_against_every_change_takes_no_second_signature() -> None:
    report = judge.refused(forger.sign(certified(1), field=AGENCY))

    person_fails(report)


@pytest.mark.parametrize("level", [2, 3])
def test_a_certified_document_takes_the_signature_it_was_prepared_for(level: int) -> None:
    judge.accepted(forger.sign(certified(level), field=AGENCY))


@rule("R27")
def test_a_field_locked_against_changes_takes_no_later_signature() -> None:
    """The lock of the person's field says the same as certification (PDF 2.0, 12.7.5.5)."""
    lock = b"/Lock << /Type /SigFieldLock /Action /All /P 1 >>"
    base = dict(BASE) | {PERSON: forger.with_entries(BASE[PERSON], lock)}

    person_fails(judge.refused(forger.both(forger.document(base))))


@rule("R27")
def test_certification_cannot_be_taken_away() -> None:
    trick = Trick("Perms removed", {CATALOG: BASE[CATALOG]})

    person_fails(judge.refused(forger.sign(trick.apply(certified(2)), field=AGENCY)))


# One signature, two fields


@rule("R28")
@pytest.mark.parametrize("when", ["from the start", "later"])
def test_one_signature_in_two_fields_is_refused(when: str) -> None:
    other = {AGENCY: forger.with_entries(BASE[AGENCY], b" /V 30 0 R")}
    if when == "from the start":
        forged = forger.sign(forger.document(), changes=other)
    else:
        forged = forger.write(forger.sign(forger.document()), other)

    judge.refused(forged)


@rule("R28")
def test_two_fields_of_one_name_are_refused() -> None:
    """Else nobody knows which of them is meant by the name."""
    base = dict(BASE) | {AGENCY: BASE[AGENCY].replace(b"(CoQuan)", b"(NguoiKy)")}

    judge.refused(forger.both(forger.document(base)))


@rule("R28")
def test_a_value_inherited_by_two_fields_is_refused() -> None:
    base = (
        dict(BASE)
        | entry(FORM, b"7 0 R 8 0 R 9 0 R", b"12 0 R")
        | {
            COVER: b"<< /T (Cha) /FT /Sig /Kids [7 0 R 8 0 R] /V 30 0 R >>",
            PERSON: BASE[PERSON].replace(b">>", b"/Parent 12 0 R >>"),
            AGENCY: BASE[AGENCY].replace(b">>", b"/Parent 12 0 R >>"),
        }
    )
    data = forger.document(base)
    forged = forger.fill(forger.write(data, {30: forger.value_dictionary()}), test_pki().person())

    judge.refused(forged)
