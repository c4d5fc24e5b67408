"""What is asked of each case, scaled to this machine (SG 11.3).

The numbers asked for were set on one machine. On another they are scaled by its own speed at the
work that nobody can do without: hashing with SHA-256, signing and verifying with RSA-3072. A P-256
operation counts as one RSA-3072 verification, which takes about as long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from lienthong.core.signing.authority import make_key
from lienthong.core.signing.keys import PREHASHED, PSS

from .material import LARGE_BYTES, SMALL_BYTES
from .windows import measure

BLOCK_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Speeds:
    """Of one core: RSA-3072 operations and bytes of SHA-256 a second."""

    rsa3072_sign: float
    rsa3072_verify: float
    sha256_bytes: float

    def best(self, other: Speeds) -> Speeds:
        """The better of two measurements, each by itself: what disturbs only makes slower."""
        return Speeds(
            max(self.rsa3072_sign, other.rsa3072_sign),
            max(self.rsa3072_verify, other.rsa3072_verify),
            max(self.sha256_bytes, other.sha256_bytes),
        )

    def to_json(self) -> dict[str, float]:
        return {
            "rsa3072_sign": round(self.rsa3072_sign, 1),
            "rsa3072_verify": round(self.rsa3072_verify, 1),
            "sha256_bytes": round(self.sha256_bytes),
        }


# SG 11.1; SHA-256 is given there as 1.5 to 1.75 GB a second.
REFERENCE = Speeds(1_300, 25_000, 1.625e9)


@dataclass(frozen=True, slots=True)
class Target:
    """A rate asked for on the reference machine, and the work by which it is scaled."""

    per_second: float
    signs: int = 0
    verifies: int = 0
    hashed_bytes: int = 0

    def on(self, machine: Speeds) -> float:
        """The rate asked for on `machine`."""
        return self.per_second * self._seconds(REFERENCE) / self._seconds(machine)

    def _seconds(self, machine: Speeds) -> float:
        return (
            self.signs / machine.rsa3072_sign
            + self.verifies / machine.rsa3072_verify
            + self.hashed_bytes / machine.sha256_bytes
        )


SIGN: Mapping[str, Target] = {
    "pades_b_170k_rsa3072": Target(400, signs=1, hashed_bytes=SMALL_BYTES),
    "pades_b_170k_p256": Target(2_000, verifies=1, hashed_bytes=SMALL_BYTES),
    "ocsp_answer_p256": Target(6_000, verifies=1),
    "timestamp_p256": Target(3_000, verifies=1),
    "certificate_rsa3072_ca": Target(600, signs=1),
}
VERIFY: Mapping[str, Target] = {
    "pades_b_170k_rsa3072_warm": Target(1_000, verifies=1, hashed_bytes=SMALL_BYTES),
    "pades_b_170k_rsa3072_cold": Target(300, verifies=1, hashed_bytes=SMALL_BYTES),
    "pades_b_5m_rsa3072_warm": Target(120, verifies=1, hashed_bytes=LARGE_BYTES),
    "known_document": Target(5_000, hashed_bytes=SMALL_BYTES),
    "cades_packet_4k_p256": Target(5_000, verifies=1, hashed_bytes=4_096),
}


def speeds() -> Speeds:
    """Measure this machine, with the same OpenSSL as everything else."""
    key = make_key(3072)
    block, digest = bytes(BLOCK_BYTES), hashlib.sha256(b"bench").digest()
    public, signature = key.public_key(), key.sign(digest, PSS, PREHASHED)
    found = measure(
        {
            "sign": lambda: key.sign(digest, PSS, PREHASHED),
            "verify": lambda: public.verify(signature, digest, PSS, PREHASHED),
            "hash": lambda: hashlib.sha256(block).digest(),
        }
    )
    return Speeds(
        found["sign"].per_second,
        found["verify"].per_second,
        found["hash"].per_second * BLOCK_BYTES,
    )
