"""AS4 messages of the Peppol profile; a receipt counts when its non-repudiation part verifies.

Arguments: port, count, connections.
"""

from __future__ import annotations

import sys
from typing import Any

from as4.peppol import build_peppol_message, parse_peppol_receipt  # type: ignore[import-not-found]
from as4_parties import certificate, party, stranger  # type: ignore[import-not-found]
from wire import Answer, Request, payload, run_client  # type: ignore[import-not-found]

OURS, THEIRS, SIGNER = party("client"), stranger("server"), certificate("server")


def message() -> Any:
    return build_peppol_message(
        payload=payload(),
        local_party=OURS,
        remote_party=THEIRS,
        sender="9932:9999999999",
        recipient="9932:1111111111",
        sender_country_id="GB",
        document_type_identifier_scheme="busdox-docid-qns",
        document_type_identifier_value=(
            "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice"
            "##urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"
        ),
        process_identifier="urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
    )


def request(made: Any) -> Request:
    body, boundary = made.get_request_data()
    return made.get_http_headers(boundary), body


def verify(index: int, answer: Answer) -> bool:
    try:
        parse_peppol_receipt(answer[1], SIGNER).verify_non_repudiation(
            MADE[index].signed_references
        )
    except Exception as error:
        sys.stderr.write(f"receipt not good: {error!r} {answer[1][:300]!r}\n")
        return False
    return True


MADE = [message() for _ in range(int(sys.argv[2]))]
run_client("/as4", [request(each) for each in MADE], verify)
