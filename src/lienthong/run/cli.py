"""The command `lienthong`. Each sub-command is loaded when it is used, so that `--help` is quick.

Exit status: 0 did its work, 1 refused (problem code and Vietnamese sentence on standard error, or
as JSON on standard output with --json), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from lienthong.core.errors import Problem

# name: (where the click command is, its one line of help)
COMMANDS: Mapping[str, tuple[str, str]] = {
    "agent": ("lienthong.run.commands.agent:agent", "Let pages use a token at this machine."),
    "bench": ("lienthong.run.commands.bench:bench", "Benchmarks with their physical floor."),
    "conformance": (
        "lienthong.run.commands.conformance:conformance",
        "The self-test of a node by its two doors.",
    ),
    "demo": ("lienthong.run.commands.demo:demo", "The country on one machine."),
    "doctor": ("lienthong.run.commands.doctor:doctor", "Say what this machine has and lacks."),
    "hub": ("lienthong.run.commands.hub:hub", "Operate the axis: what could not be delivered."),
    "log": ("lienthong.run.commands.log:log", "Audit logs; name witnesses."),
    "migrate": ("lienthong.run.commands.migrate:migrate", "Bring a node's tables up to date."),
    "node": ("lienthong.run.commands.node:node", "Make, run and examine a node."),
    "packet": ("lienthong.run.commands.packet:packet", "Make, show and check edXML packets."),
    "pki": ("lienthong.run.commands.pki:pki", "Certificates, paths and authorities."),
    "problems": ("lienthong.run.commands.problems:problems", "List every problem code."),
    "registry": ("lienthong.run.commands.registry:registry", "Load, list, publish agencies."),
    "serve": ("lienthong.run.commands.serve:serve", "Run one role of a node."),
    "sign": ("lienthong.run.commands.sign:sign", "Sign a PDF or any file."),
    "verify": (
        "lienthong.run.commands.verify:verify",
        "Verify a PDF, packet, receipt, checkpoint.",
    ),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called.

    table: as COMMANDS.
    """

    def __init__(self, *arguments: Any, table: Mapping[str, tuple[str, str]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.table[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="lienthong", prog_name="lienthong")
def cli() -> None:
    """Liên Thông: document exchange, signatures and document desks for agencies of Viet Nam.

    Every command has --help. Exit status: 0 did its work, 1 refused, 2 wrong usage.
    """


def refusal(problem: Problem, *, as_json: bool) -> None:
    """Tell the person, or the program with --json, why the work was refused."""
    if as_json:
        facts: dict[str, Any] = {"ok": False, "problem": problem.to_json()}
        click.echo(json.dumps(facts, ensure_ascii=False, default=str))
        return
    click.echo(f"{problem.code}: {problem.sentence}", err=True)
    for finding in getattr(problem, "findings", ()):  # a packet is refused with all its findings
        click.echo(f"  {finding.rule} {finding.where}: {finding.text}", err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = cli.main(words, prog_name="lienthong", standalone_mode=False)
    except Problem as problem:
        refusal(problem, as_json="--json" in words)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
