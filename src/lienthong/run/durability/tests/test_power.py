"""What a power failure may take is read from strace's record of a hub."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lienthong.run.durability.power import lose, unsynced

WRITE = '7 pwritev2(9</d/00000001.seg>, [{iov_base=""..., iov_len=48}], 2, %d, 0) = %d\n'
SYNC = "7 fdatasync(9</d/00000001.seg>) = 0\n"
OPENED = '7 openat(AT_FDCWD</>, "/d/1.seg", O_RDWR|O_CREAT|O_EXCL, 0600) = 9</d/00000001.seg>\n'
FOLDER = Path("/d")
SEGMENT = FOLDER / "00000001.seg"


def test_what_a_sync_covers_stays() -> None:
    state = unsynced([WRITE % (0, 100), SYNC, WRITE % (100, 50)], FOLDER)[SEGMENT]

    assert state.writes == [(100, 50)]


def test_every_way_to_write_is_seen() -> None:
    lines = [
        WRITE % (0, 100),
        '7 pwritev(9</d/00000001.seg>, [{iov_base=""..., iov_len=48}], 2, 100) = 50\n',
        '7 pwrite64(9</d/00000001.seg>, ""..., 10, 150) = 10\n',
    ]

    assert unsynced(lines, FOLDER)[SEGMENT].writes == [(0, 100), (100, 50), (150, 10)]


def test_a_sync_that_did_not_end_or_failed_covers_nothing() -> None:
    begun = "7 fdatasync(9</d/00000001.seg> <unfinished ...>\n"
    failed = "7 fdatasync(9</d/00000001.seg>) = -1 EIO (Input/output error) (INJECTED)\n"
    other = "8 fsync(3</d/large>) = 0\n"

    for lines in ([begun, other], [failed]):
        assert unsynced([WRITE % (0, 100), *lines], FOLDER)[SEGMENT].writes == [(0, 100)]
    resumed = [WRITE % (0, 100), begun, other, "7 <... fdatasync resumed>) = 0 (DELAYED)\n"]
    assert unsynced(resumed, FOLDER)[SEGMENT].writes == []


def test_a_new_file_is_there_once_its_folder_is_synced() -> None:
    assert not unsynced([OPENED], FOLDER)[SEGMENT].synced_name
    assert unsynced([OPENED, "7 fsync(4</d>) = 0\n"], FOLDER)[SEGMENT].synced_name


@pytest.mark.parametrize("seed", range(8))
def test_what_was_synced_is_never_touched(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "00000001.seg"
    path.write_bytes(b"s" * 100 + b"u" * 50)
    state = unsynced([WRITE % (0, 100), SYNC, WRITE % (100, 50)], FOLDER)[SEGMENT]

    assert lose(path, state, random.Random(seed)) == 1  # noqa: S311  chance, not a secret
    assert path.read_bytes().startswith(b"s" * 100)
