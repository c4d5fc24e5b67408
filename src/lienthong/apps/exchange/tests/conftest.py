"""What the tests of the exchange share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .country import Agency, Country, country
from .server import Caller, RunningHub, hub_config, register_all, running


@pytest.fixture(scope="session")
def land() -> Country:
    return country()


@pytest.fixture
def registered(land: Country, transactional_db: None) -> Country:
    """The country with its agencies in the directory and its nodes at the hub."""
    register_all(land)
    return land


@pytest.fixture
def hub(registered: Country, tmp_path: Path) -> Iterator[RunningHub]:
    with running(hub_config(registered, tmp_path)) as found:
        yield found


@pytest.fixture
def caller(hub: RunningHub) -> Iterator[Callable[[Agency], Caller]]:
    """The software of an agency's node, connected to the hub."""
    with ExitStack() as stack:
        yield lambda agency: stack.enter_context(Caller(hub.url, agency))


@pytest.fixture
def ministry(land: Country, caller: Callable[[Agency], Caller]) -> Caller:
    return caller(land.ministry)


@pytest.fixture
def province(land: Country, caller: Callable[[Agency], Caller]) -> Caller:
    return caller(land.province)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Look again until something holds; fail after 20 s."""

    def wait(holds: Callable[[], bool]) -> None:
        until = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < until, "it did not come to hold"
            time.sleep(0.05)

    return wait
