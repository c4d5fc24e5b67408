"""`lienthong hub`: dead letters from a shell."""

from __future__ import annotations

import json

from click.testing import CliRunner
from django.utils import timezone

from lienthong.apps.exchange.hub import api
from lienthong.run.commands.hub import hub


def dead_letter(number: int = 1) -> api.Delivery:
    packet = api.Packet.objects.create(
        agency_code="G99",
        node_id="bo",
        kind=api.Kind.EDOC,
        sha256=f"{number:064x}",
        size=1000,
        segment=1,
        position=0,
        signature=b"",
        document_id=f"G99,2026/03/02,{number}/BTN",
        reference=f"{number}/BTN",
        received_at=timezone.now(),
        receipt="",
        leaf_index=number,
    )
    return api.Delivery.objects.create(
        packet=packet,
        agency_code="H99",
        sender_code="G99",
        state=api.DeliveryState.DEAD,
        attempts=13,
        next_at=timezone.now(),
    )


def test_dead_letters_are_listed_and_queued_again(db: None) -> None:
    first, second = dead_letter(1), dead_letter(2)
    run = CliRunner().invoke

    listed = json.loads(run(hub, ["dead-letters", "--json"]).output)["dead_letters"]
    wrong = run(hub, ["requeue"])
    one = run(hub, ["requeue", str(first.pk)])
    gone = run(hub, ["requeue", str(first.pk)])
    rest = run(hub, ["requeue", "--agency", "H99", "--json"])

    assert [each["delivery_id"] for each in listed] == [str(first.pk), str(second.pk)]
    assert wrong.exit_code == 2
    assert one.exit_code == 0
    assert getattr(gone.exception, "code", "") == "hub.dead_letter_unknown"
    assert json.loads(rest.output) == {"requeued": 1}
    assert run(hub, ["dead-letters"]).output == ""
