"""The people at the desk: each signs in once and then acts, with a pause for reading in between.

Runs as a process of its own: `python -m lienthong.run.bench.desk.users PLAN.json`; one JSON line on
standard output tells how long each answer took. An answer counts from the request to its last byte.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import httpx

# How often each thing is done; who cannot do one does the next on the list.
WEIGHTS: Mapping[str, int] = {"list": 35, "detail": 30, "search": 20, "register": 8, "dispatch": 7}
LISTS = ("/van-ban/den/", "/van-ban/di/", "/van-ban/den/?state=completed")
SEARCHES = (
    "chuyển đổi số",
    "quy hoach su dung dat",
    "báo cáo",
    '"kế hoạch đầu tư công" năm 2025',
    "nông thôn mới xã Tân Lâm",
    "bao hiem xa hoi phuong Kim Son",
    "cấp phép khai thác cát -tỉnh",
    "1234/QĐ",
    "kế hoahc phòng chống thiên tai",
    "an toàn thông tin OR an toàn vệ sinh",
)


class User:
    """One person with a browser's cookies."""

    def __init__(self, url: str, facts: Mapping[str, Any], number: int) -> None:
        self._client = httpx.Client(base_url=url, timeout=60)
        self._facts = facts
        self._random = Random(number)  # the same walk in every run
        self._left = {name: list(facts[name]) for name in ("register", "dispatch")}
        self.seen: list[tuple[str, float]] = []
        self.refused: list[str] = []

    def sign_in(self) -> None:
        self._client.get("/tai-khoan/dang-nhap")
        form = {name: self._facts[name] for name in ("username", "password")}
        answer = self._post("/tai-khoan/dang-nhap", form)
        if answer.status_code != 302:
            raise RuntimeError(f"{self._facts['username']}: {answer.status_code}")

    def act(self, what: str = "") -> None:
        """Do one thing by chance, or `what`, and note how long the answer took."""
        what = what or self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        what, path = self._where(what)
        began = time.perf_counter()
        is_post = what in {"register", "dispatch"}
        answer = self._post(path, {}) if is_post else self._client.get(path)
        self.seen.append((what, time.perf_counter() - began))
        if answer.status_code != (302 if is_post else 200):
            self.refused.append(f"{what} {path} {answer.status_code}")

    def _where(self, what: str) -> tuple[str, str]:
        if what == "register" and self._left[what]:
            return what, f"/van-ban/den/{self._left[what].pop()}/tiep-nhan"
        if what == "dispatch" and self._left[what]:
            return what, f"/van-ban/di/{self._left[what].pop()}/phat-hanh"
        if what == "search":
            query = str(httpx.QueryParams({"q": self._random.choice(SEARCHES)}))
            return what, f"/van-ban/tim/?{query}"
        if what == "detail" and self._facts["detail"]:
            return what, f"/van-ban/den/{self._random.choice(self._facts['detail'])}"
        return "list", self._random.choice(LISTS)

    def _post(self, path: str, form: Mapping[str, str]) -> httpx.Response:
        jar = self._client.cookies.jar
        token = next((one.value for one in jar if one.name.endswith("_csrf")), "")
        return self._client.post(path, data={**form, "csrfmiddlewaretoken": token or ""})


def alone(user: User, count: int) -> list[float]:
    """Seconds of the first list, read `count` times by one person while nobody else works."""
    for _ in range(count):
        user.act("list")
    return [took for _, took in user.seen]


def together(users: list[User], seconds: float, pause_s: float) -> None:
    """Let everybody act for `seconds`, each with pauses of `pause_s` on average."""
    until = time.monotonic() + seconds

    def walk(user: User, random: Random) -> None:
        time.sleep(random.random() * pause_s)
        while time.monotonic() < until:
            user.act()
            time.sleep(random.expovariate(1 / pause_s) if pause_s else 0)

    threads = [
        threading.Thread(target=walk, args=(user, Random(number)))
        for number, user in enumerate(users)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    users = [User(plan["url"], facts, number) for number, facts in enumerate(plan["users"])]
    for user in users:
        user.sign_in()
    first = alone(users[0], plan["alone"])
    together(users, plan["warm_s"], plan["pause_s"])
    for user in users:
        user.seen.clear()
    began = time.monotonic()
    together(users, plan["seconds"], plan["pause_s"])
    found = {
        "alone": first,
        "took_s": time.monotonic() - began,
        "seen": [one for user in users for one in user.seen],
        "refused": [one for user in users for one in user.refused],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
