"""`lienthong hub …`: what the operator of the axis does from a shell."""

from __future__ import annotations

import json
import uuid

import click

from lienthong.run.commands import start_django


@click.group()
def hub() -> None:
    """Operate the axis: what could not be delivered."""


@hub.command("dead-letters")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def dead_letters(as_json: bool) -> None:
    """List what could not be delivered, the oldest first."""
    start_django()
    from lienthong.apps.exchange.hub import api  # noqa: PLC0415  after django.setup()

    rows = [
        {
            "delivery_id": str(each.pk),
            "packet_id": str(each.packet_id),
            "reference": each.packet.reference,
            "sender": each.sender_code,
            "recipient": each.agency_code,
            "state": each.state,
            "attempts": each.attempts,
            "given_up_at": each.next_at.isoformat(),
        }
        for each in api.dead_letters()
    ]
    if as_json:
        click.echo(json.dumps({"dead_letters": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo("{delivery_id}  {reference}  {sender} -> {recipient}  {attempts}".format(**row))


@hub.command("requeue")
@click.argument("delivery", type=click.UUID, required=False)
@click.option("--agency", default="", help="Every dead letter to this agency code.")
@click.option("--all", "every", is_flag=True, help="Every dead letter.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def requeue(delivery: uuid.UUID | None, agency: str, every: bool, as_json: bool) -> None:
    """Queue dead letters again: one DELIVERY, those of an agency, or all."""
    if sum([delivery is not None, bool(agency), every]) != 1:
        raise click.UsageError("Name one delivery, or --agency CODE, or --all.")
    start_django()
    from lienthong.apps.exchange.hub import api  # noqa: PLC0415  after django.setup()

    if delivery is not None:
        api.deliver_dead_letter_again(delivery)
        count = 1
    else:
        count = api.deliver_dead_letters_again(agency)
    if as_json:
        click.echo(json.dumps({"requeued": count}))
    else:
        click.echo(f"Đã đưa lại vào hàng đợi: {count} lượt chuyển.")
