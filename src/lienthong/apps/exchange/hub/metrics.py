"""What the hub counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from lienthong.core import signing


class Metrics:
    """The counters of one hub process."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self.packets = Counter(
            "lienthong_hub_packets", "Packets acknowledged", ["outcome"], registry=registry
        )
        self.refusals = Counter(
            "lienthong_hub_refusals", "Packets refused", ["code"], registry=registry
        )
        self.acknowledgements = Counter(
            "lienthong_hub_acknowledgements", "Deliveries acknowledged", registry=registry
        )
        self.intake_seconds = Histogram(
            "lienthong_hub_intake_seconds", "Time from request to durable", registry=registry
        )
        self.kit_unpadded = Counter(
            "lienthong_hub_kit_unpadded", "Digests written without padding", registry=registry
        )
        self.under_way = Gauge(
            "lienthong_hub_under_way", "Packets between request and answer", registry=registry
        )
        self.batches = Gauge("lienthong_hub_batches", "Batches committed", registry=registry)
        self.backlog = Gauge(
            "lienthong_hub_backlog", "Deliveries not acknowledged", ["kind"], registry=registry
        )
        self.log_incidents = Gauge(
            "lienthong_hub_log_incidents",
            "Incidents about logs that wait for a person",
            registry=registry,
        )
        self.signature_differences = Counter(
            "lienthong_hub_signature_differences",
            "Documents on which the fast path and the reference path of verifying disagree",
            registry=registry,
        )

    def count_difference(self, _: signing.Difference) -> None:
        """An incident: see docs/reference/signing.md."""
        self.signature_differences.inc()

    def text(self) -> bytes:
        return generate_latest(self._registry)
