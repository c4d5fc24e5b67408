"""Which deliveries go out next: lanes with sure shares, as data (DX-10)."""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.apps.exchange.hub import lanes
from lienthong.apps.exchange.hub.lanes import Candidate
from lienthong.apps.exchange.hub.problems import DeliveryPlanWrong

PLAN = lanes.load()
EXPRESS, VERY_URGENT, URGENT, NORMAL = 3, 2, 1, 0

candidates = st.lists(
    st.builds(Candidate, st.uuids(), st.integers(0, 4), st.integers(0, 20)), max_size=80
)
turns = st.floats(0, 1, exclude_max=True)


def waiting(**counts: int) -> list[Candidate]:
    codes = {"express": EXPRESS, "very_urgent": VERY_URGENT, "urgent": URGENT, "normal": NORMAL}
    return [
        Candidate(uuid.uuid4(), codes[name], 0)
        for name, count in counts.items()
        for _ in range(count)
    ]


def taken(found: list[Candidate]) -> Counter[int]:
    return Counter(each.urgency for each in found)


def test_a_flood_of_urgent_ones_leaves_every_lane_its_share() -> None:
    flood = waiting(express=500, very_urgent=500, urgent=500, normal=500)

    found = taken(PLAN.choose(flood, 100, 0.0))

    assert found == {EXPRESS: 55, VERY_URGENT: 20, URGENT: 15, NORMAL: 10}


def test_what_a_lane_does_not_use_goes_to_the_most_urgent() -> None:
    found = PLAN.choose(waiting(express=80, normal=200), 100, 0.0)

    assert taken(found) == {EXPRESS: 80, NORMAL: 20}
    assert [each.urgency for each in found[:80]] == [EXPRESS] * 80


def test_a_receiver_that_takes_one_at_a_time_gets_the_lowest_lane_too() -> None:
    flood = waiting(express=10, very_urgent=10, urgent=10, normal=10)

    found = Counter(PLAN.choose(flood, 1, turn / 100)[0].urgency for turn in range(100))

    assert found == {EXPRESS: 55, VERY_URGENT: 20, URGENT: 15, NORMAL: 10}


@given(candidates, st.integers(1, 60), turns)
def test_hand_outs_are_as_many_as_there_can_be_and_none_twice(
    candidates: list[Candidate], limit: int, turn: float
) -> None:
    found = PLAN.choose(candidates, limit, turn)

    assert len(found) == min(limit, len(candidates))
    assert Counter(map(id, found)) <= Counter(map(id, candidates))


@given(candidates, st.integers(1, 60), turns)
def test_within_a_lane_the_order_stays(
    candidates: list[Candidate], limit: int, turn: float
) -> None:
    found = PLAN.choose(candidates, limit, turn)

    for lane in PLAN.lanes:
        of_lane = [each for each in candidates if each.urgency in lane.urgencies]
        chosen = [each for each in found if each.urgency in lane.urgencies]
        assert chosen == of_lane[: len(chosen)]


@pytest.mark.parametrize("urgency", [EXPRESS, VERY_URGENT, URGENT, NORMAL])
def test_a_schedule_grows_and_ends(urgency: int) -> None:
    steps = len(PLAN.lane(urgency).retry_s)
    waits = [PLAN.lease_s(Candidate(uuid.uuid4(), urgency, attempt)) for attempt in range(steps)]

    assert waits == sorted(waits)
    assert sum(waits) > 12 * 3600  # a receiver has half a day to mend what is wrong with it
    assert not PLAN.is_spent(Candidate(uuid.uuid4(), urgency, steps - 1))
    assert PLAN.is_spent(Candidate(uuid.uuid4(), urgency, steps))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("", "KeyError"),
        ("[[lane", "TOMLDecodeError"),
        ("[[lane]]\nname='a'\nurgencies=[0,1,2,3,4]\nshare=90\nretry_s=[1]", "share"),
        ("[[lane]]\nname='a'\nurgencies=[0,1,2,3,4]\nshare=100\nretry_s=[]", "retry_s"),
        ("[[lane]]\nname='a'\nurgencies=[0,1,2,3]\nshare=100\nretry_s=[1]", "urgencies"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_reason(tmp_path: Path, wrong: str, reason: str) -> None:
    file = tmp_path / "delivery.toml"
    file.write_text(wrong)

    with pytest.raises(DeliveryPlanWrong) as raised:
        lanes.load(file)

    assert reason in raised.value.sentence
