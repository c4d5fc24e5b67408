"""The witness protocol (C2SP tlog-witness, `add-checkpoint`) and its decision, without a network.

A witness remembers one head of each log. It signs the next head only when that one is proved to
append to the remembered one, and remembers it before it answers; so it never signs two histories.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.core.errors import Problem
from lienthong.core.tlog.hashing import EMPTY_ROOT
from lienthong.core.tlog.notes import Checkpoint, CheckpointInvalid, decode, verify_checkpoint
from lienthong.core.tlog.proofs import ProofInvalid, verify_consistency

PROOF_LINES_MAX = 63
REQUEST_SIZE_MAX_BYTES = 128 * 1024
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


class WitnessRequestInvalid(Problem):
    """The body is no `add-checkpoint` request."""

    code = "tlog.witness_request_invalid"
    status = 400
    text = "Yêu cầu xin chữ ký nhân chứng không đúng khuôn dạng: {reason}."


class LogUnknown(Problem):
    """The witness does not watch a log of this origin."""

    code = "tlog.log_unknown"
    status = 404
    text = "Nhân chứng không theo dõi nhật ký “{origin}”."


class LogKeyUnknown(Problem):
    """No signature of the log's known key stands under the checkpoint."""

    code = "tlog.log_key_unknown"
    status = 403
    text = "Điểm kiểm tra không có chữ ký đúng của nhật ký “{origin}”."


class WitnessedSizeDiffers(Problem):
    """The request starts from another size than the last one witnessed; `size` says which."""

    code = "tlog.witnessed_size_differs"
    status = 409
    text = "Nhân chứng đã ghi nhận nhật ký ở {size} mục, không phải {old} mục."


class HistoryForked(Problem):
    """Two heads of one size differ, or the newer does not append to the older: another history."""

    code = "tlog.history_forked"
    status = 422
    text = "Nhật ký “{origin}” có hai lịch sử khác nhau: {reason}."


class SameSizeForked(HistoryForked):
    """Two heads of the same size with different roots: proof of a fork, as it stands."""

    code = "tlog.same_size_forked"
    status = 409
    text = "Nhật ký “{origin}” có hai đầu khác nhau cùng cỡ: {reason}."


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the size the proof starts from, the proof, the checkpoint as a note."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    @property
    def origin(self) -> str:
        return self.note.partition("\n")[0]

    def encode(self) -> bytes:
        lines = [f"old {self.old}", *(base64.b64encode(one).decode("ascii") for one in self.proof)]
        return ("\n".join(lines) + "\n\n" + self.note).encode()


def parse_add_checkpoint(body: bytes) -> AddCheckpoint:
    """Read a request. Raises WitnessRequestInvalid."""
    if len(body) > REQUEST_SIZE_MAX_BYTES:
        raise WitnessRequestInvalid(reason="quá dài")
    try:
        head, separator, note = body.decode("utf-8").partition("\n\n")
        first, *lines = head.split("\n")
        proof = tuple(decode(line) for line in lines)
    except (UnicodeDecodeError, CheckpointInvalid) as error:
        raise WitnessRequestInvalid(reason="không đọc được") from error
    old = _OLD.fullmatch(first)
    if old is None or not separator or len(proof) > PROOF_LINES_MAX:
        raise WitnessRequestInvalid(reason="dòng đầu hoặc số dòng bằng chứng")
    return AddCheckpoint(int(old[1]), proof, note)


def check_checkpoint(
    request: AddCheckpoint, seen: Checkpoint | None, keys: Sequence[Ed25519PublicKey]
) -> Checkpoint:
    """Return the checkpoint that the witness may sign after `seen` (None: nothing seen yet).

    Raises LogKeyUnknown, WitnessRequestInvalid, WitnessedSizeDiffers, HistoryForked, in the order
    of the standard.
    """
    checkpoint = _signed(request, keys)
    if request.old > checkpoint.size:
        raise WitnessRequestInvalid(reason="cỡ cũ lớn hơn cỡ mới")
    known = seen or Checkpoint(request.origin, 0, EMPTY_ROOT)
    if request.old != known.size:
        raise WitnessedSizeDiffers(old=request.old, size=known.size)
    if known.size == checkpoint.size:
        _check_same(request, known, checkpoint)
    elif known.size == 0:
        if request.proof:
            raise HistoryForked(origin=request.origin, reason="thừa bằng chứng")
    else:
        _check_grown(request, known, checkpoint)
    return checkpoint


def _signed(request: AddCheckpoint, keys: Sequence[Ed25519PublicKey]) -> Checkpoint:
    for key in keys:
        try:
            return verify_checkpoint(request.note, key, request.origin)
        except CheckpointInvalid:
            continue
    raise LogKeyUnknown(origin=request.origin)


def _check_same(request: AddCheckpoint, known: Checkpoint, checkpoint: Checkpoint) -> None:
    if known.root != checkpoint.root:
        raise SameSizeForked(origin=request.origin, reason=f"hai gốc khác nhau ở {known.size} mục")
    if request.proof:
        raise HistoryForked(origin=request.origin, reason="thừa bằng chứng")


def _check_grown(request: AddCheckpoint, known: Checkpoint, checkpoint: Checkpoint) -> None:
    try:
        verify_consistency(known.size, checkpoint.size, request.proof, known.root, checkpoint.root)
    except ProofInvalid as error:
        reason = f"{checkpoint.size} mục không nối tiếp {known.size} mục"
        raise HistoryForked(origin=request.origin, reason=reason) from error
