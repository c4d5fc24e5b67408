"""Send one very large packet through a running demonstration and print the memory of each process.

    lienthong demo --dir DIR                       in another terminal
    python tools/large_packet.py DIR --mebibytes 1024

A document of the ministry gets an annex of that size, goes from its access point over the axis to
the province's access point, and is acknowledged there. Printed: how far each process rose above its
memory before, in MiB (VmHWM - VmRSS). Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

MEBIBYTE = 1024 * 1024
ROLES = {"hub.app": "hub", "access_point.app": "access point"}


class Process:
    """A process of the demonstration."""

    def __init__(self, pid: int, role: str, environment: dict[str, str]) -> None:
        self.pid = pid
        self.environment = environment
        self.name = f"{role} {environment['LIENTHONG_NODE']}"
        self.idle = self.memory("VmRSS")

    def memory(self, field: str) -> float:
        text = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"{field}:\s+(\d+) kB", text)
        return int(found[1]) / 1024 if found else 0.0

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")


def processes(directory: Path) -> list[Process]:
    """The hub and the access points whose data is below `directory`."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            pairs = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        environment = dict(pair.partition("=")[::2] for pair in pairs if "=" in pair)
        role = next((name for mark, name in ROLES.items() if mark in command), "")
        data = environment.get("LIENTHONG_DATA_DIR", "")
        if role and Path(data).is_relative_to(directory):
            found.append(Process(int(entry.name), role, environment))
    return found


def queue(size: int) -> None:
    """In the ministry's environment: queue a packet, print its row's key and the peak memory."""
    import django  # noqa: PLC0415  by the node's settings, in a process of its own

    django.setup()
    from lienthong.apps.accounts import api as accounts  # noqa: PLC0415  after django.setup()
    from lienthong.apps.exchange.access_point import api  # noqa: PLC0415
    from lienthong.core import edxml  # noqa: PLC0415

    with (
        accounts.everywhere(),
        tempfile.TemporaryDirectory(dir=os.environ["LIENTHONG_DATA_DIR"]) as name,
    ):
        folder = Path(name)
        row = api.Outbound.objects.filter(kind="edoc").earliest("pk")
        packet = edxml.decode(api.outbound_bytes(row.pk))
        if not isinstance(packet, edxml.DocumentPacket):
            raise TypeError("the first packet of the ministry is no document")
        main, annex = folder / "main.pdf", folder / "annex.pdf"
        main.write_bytes(packet.attachments[0].data)
        annex.write_bytes(packet.attachments[0].data)
        with annex.open("ab") as file:
            file.truncate(size)
        number = str(int(time.time()) % 1_000_000)
        place = packet.document_id.rpartition(",")[0]
        changed = replace(
            packet,
            number=number,
            document_id=f"{place},{number}/{packet.notation}",
            attachments=(),
        )
        pdf = "application/pdf"
        files = (
            edxml.StoredFile("van-ban", "van-ban.pdf", pdf, "Văn bản", main),
            edxml.StoredFile("phu-luc", "phu-luc.pdf", pdf, "Phụ lục", annex),
        )
        target = folder / "packet.edxml"
        edxml.write_file(changed, files, target)
        size = target.stat().st_size
        queued = api.queue_file(
            organization=row.organization, path=target, correlation="large_packet"
        )
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(
        json.dumps(
            {"pk": queued.pk, "bytes": size, "peak_mib": int(peak[1]) // 1024 if peak else 0}
        )
    )


def wait_for(outbound: int, environment: dict[str, str], receiver: dict[str, str]) -> None:
    """Return when the axis answered for the packet and its recipient acknowledged it."""
    sent = f"api.Outbound.objects.filter(pk={outbound}, state='ACCEPTED').exists()"
    got = (
        "api.Inbound.objects.filter(state='ACKED').order_by('-pk').first().received_at.isoformat()"
    )
    while _ask(environment, sent) != "True":
        time.sleep(2)
    before = _ask(environment, f"api.Outbound.objects.get(pk={outbound}).accepted_at.isoformat()")
    while _ask(receiver, got) < before:
        time.sleep(2)


def _ask(environment: dict[str, str], expression: str) -> str:
    code = (
        "import django; django.setup()\n"
        "from lienthong.apps.accounts import api as accounts\n"
        "from lienthong.apps.exchange.access_point import api\n"
        f"with accounts.everywhere(): print({expression})"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return answer.stdout.strip().rpartition("\n")[2]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("directory", type=Path)
    options.add_argument("--mebibytes", type=int, default=1024)
    options.add_argument("--queue", action="store_true", help=argparse.SUPPRESS)
    wanted = options.parse_args()
    if wanted.queue:
        queue(wanted.mebibytes * MEBIBYTE)
        return
    found = processes(wanted.directory.resolve())
    points = {each.environment["LIENTHONG_NODE"]: each for each in found if "point" in each.name}
    for each in found:
        each.forget_peak()
    began = time.monotonic()
    command = [
        sys.executable,
        __file__,
        str(wanted.directory),
        "--queue",
        "--mebibytes",
        str(wanted.mebibytes),
    ]
    environment = points["bo"].environment | {"DJANGO_SETTINGS_MODULE": "lienthong.run.settings"}
    receiver = points["tinh"].environment | {"DJANGO_SETTINGS_MODULE": "lienthong.run.settings"}
    answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    queued = json.loads(answer.stdout.strip().rpartition("\n")[2])
    mebibytes, took = queued["bytes"] / MEBIBYTE, time.monotonic() - began
    print(f"packet of {mebibytes:.0f} MiB queued after {took:.0f} s")
    print(f"the process that queued it: peak {queued['peak_mib']} MiB")
    wait_for(queued["pk"], environment, receiver)
    print(f"acknowledged by the recipient after {time.monotonic() - began:.0f} s")
    for each in found:
        risen = each.memory("VmHWM") - each.idle
        print(f"{each.name:24} idle {each.idle:6.0f} MiB, risen by {risen:6.0f} MiB")


if __name__ == "__main__":
    main()
