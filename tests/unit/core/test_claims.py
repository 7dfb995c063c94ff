"""Claims: one owner at a time, signs of life, and work that goes on when its owner is killed or frozen."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest

from t2ibench.core.storage import claims
from t2ibench.core.storage.claims import claimed

PIECES = 24
WORK = """
import sys, time
from pathlib import Path
from t2ibench.core.storage import claims
from t2ibench.core.files import write_text
claims.SILENCE, claims.RENEWAL = 3.0, 0.2
folder, begin, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
for wait in (False, True):
    for piece in [*range(begin, count), *range(begin)]:
        target = folder / str(piece)
        if target.exists():
            continue
        with claims.claimed(target, wait=wait) as mine:
            if mine and not target.exists():
                with (folder / "begun").open("a") as log:
                    log.write(f"{piece} ")
                time.sleep(0.05)
                write_text(target, "made")
"""


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(claims, "SILENCE", 0.3)
    monkeypatch.setattr(claims, "RENEWAL", 0.02)


def file_of(place):
    return place.with_name(f".{place.name}.claim")


def test_a_claim_is_exclusive_and_ends_with_its_block(tmp_path):
    place = tmp_path / "new" / "x"
    with claimed(place) as mine:
        assert mine
        with claimed(place, wait=False) as other:
            assert not other
        with claimed(place.with_name("y"), wait=False) as other:
            assert other
    assert not list(place.parent.iterdir())
    with pytest.raises(KeyError), claimed(place):
        raise KeyError
    with claimed(place, wait=False) as mine:
        assert mine


def test_who_waits_gets_it_when_its_owner_is_done(tmp_path):
    order = []

    def second():
        with claimed(tmp_path / "x"):
            order.append("second")

    with claimed(tmp_path / "x"):
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.2)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_an_owner_that_works_on_keeps_its_claim(tmp_path, quick):
    with claimed(tmp_path / "x"):
        end = time.monotonic() + 1
        while time.monotonic() < end:
            with claimed(tmp_path / "x", wait=False) as other:
                assert not other
            time.sleep(0.01)


def test_what_a_process_of_this_machine_left_is_taken_at_once(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    file_of(tmp_path / "x").write_text(f"{socket.gethostname()} {gone.pid} abc")
    with claimed(tmp_path / "x", wait=False) as mine:
        assert mine
    file_of(tmp_path / "x").write_text(f"{socket.gethostname()} {os.getpid()} abc")
    with claimed(tmp_path / "x", wait=False) as mine:
        assert not mine


@pytest.mark.parametrize("content", ["another-machine 1 abc", ""], ids=["of another machine", "not written yet"])
def test_a_silent_one_is_taken_by_one_of_those_who_wait(tmp_path, quick, content):
    file_of(tmp_path / "x").write_text(content)
    os.utime(file_of(tmp_path / "x"), (0, 2**33))  # a clock far ahead is no sign of life
    inside, most, taken = [], [], []

    def wants():
        with claimed(tmp_path / "x"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()
            taken.append(1)

    waiting = [threading.Thread(target=wants) for _ in range(4)]
    began = time.monotonic()
    for one in waiting:
        one.start()
    for one in waiting:
        one.join()
    assert len(taken) == 4 and max(most) == 1
    assert time.monotonic() - began > 0.3
    assert not list(tmp_path.iterdir())


def test_an_owner_that_wakes_up_leaves_its_successor_alone(tmp_path, quick, monkeypatch):
    monkeypatch.setattr(claims, "_renew", lambda *_: None)  # frozen
    with claimed(tmp_path / "x"):
        with claimed(tmp_path / "x") as successor:
            assert successor
            kept = file_of(tmp_path / "x").read_text()
        frozen = claimed(tmp_path / "y")
        frozen.__enter__()
        with claimed(tmp_path / "y"):
            kept = file_of(tmp_path / "y").read_text()
            frozen.__exit__(None, None, None)
            assert file_of(tmp_path / "y").read_text() == kept


def test_no_piece_is_missing_and_none_twice_whoever_is_killed_or_frozen(tmp_path):
    """At moments nobody chose: what those two had begun may be begun once more."""
    workers = [
        subprocess.Popen([sys.executable, "-c", WORK, str(tmp_path), str(rank * PIECES // 4), str(PIECES)])
        for rank in range(4)
    ]
    try:
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        time.sleep(random.random() / 5)
        workers[1].send_signal(signal.SIGKILL)
        time.sleep(random.random() / 5)
        workers[2].send_signal(signal.SIGSTOP)
        assert workers[0].wait(120) == 0 and workers[3].wait(120) == 0
        assert all((tmp_path / str(piece)).read_text() == "made" for piece in range(PIECES))
        workers[2].send_signal(signal.SIGCONT)
        assert workers[2].wait(120) == 0
    finally:
        for one in workers:
            with suppress(ProcessLookupError):
                one.kill()
            one.wait()
    begun = Counter((tmp_path / "begun").read_text().split())
    assert len(begun) == PIECES and begun.total() <= PIECES + 2 and max(begun.values()) <= 3
