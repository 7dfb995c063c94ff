"""Which process this is, by the variables of torchrun and Slurm; and what one process alone does."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from t2ibench.core.errors import UserError
from t2ibench.core.noise import Noise
from t2ibench.core.types import BatchShare
from t2ibench.training.engine import processes
from t2ibench.training.engine.processes import ALONE, Processes

TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "x",
    "RANK": "3",
    "LOCAL_RANK": "1",
    "WORLD_SIZE": "4",
    "MASTER_ADDR": "host7",
    "MASTER_PORT": "29501",
}
SLURM = {
    "SLURM_NTASKS": "4",
    "SLURM_NTASKS_PER_NODE": "2",
    "SLURM_PROCID": "2",
    "SLURM_LOCALID": "0",
    "SLURM_NODEID": "1",
    "SLURM_NODELIST": "host[5-6]",
    "SLURM_JOB_ID": "123456",
    "SLURM_JOB_NAME": "train",
}


@pytest.fixture
def of(monkeypatch):
    for name in (*TORCHRUN, *SLURM):
        monkeypatch.delenv(name, raising=False)

    def found(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        one = Processes.of_environment()
        return one.rank, one.count, one.local_rank, one.address

    yield found
    # Lightning's reader of Slurm's variables sets them.
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    monkeypatch.delenv("MASTER_PORT", raising=False)


def test_variables_of_torchrun_and_slurm(of):
    assert of() == (0, 1, 0, "")
    assert of(SLURM_NTASKS="1", SLURM_PROCID="0") == (0, 1, 0, "")
    assert of(**SLURM) == (2, 4, 0, "host5:18456")
    assert of(**TORCHRUN) == (3, 4, 1, "host7:29501")  # torchrun inside a Slurm job


@pytest.mark.parametrize(
    "variables",
    [TORCHRUN | {"RANK": "4"}, TORCHRUN | {"WORLD_SIZE": "four"}, {"SLURM_NTASKS": "4", "SLURM_PROCID": "0"}],
)
def test_variables_that_do_not_fit_are_told(of, variables):
    with pytest.raises(UserError, match=r"torchrun|srun|ntasks-per-node"):
        of(**variables)


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 4))
def test_shares_make_up_the_batch(count, length):
    size = count * length
    shares = [BatchShare(index, count) for index in range(count)]
    assert [row for share in shares for row in range(size)[share.rows(size)]] == list(range(size))
    noise = torch.cat([Noise(1).bind_step(2, length, share=share).draw("z", (3,)) for share in shares])
    assert torch.equal(noise, Noise(1).bind_step(2, size).draw("z", (3,)))
    if count > 1:
        with pytest.raises(UserError, match=f"--batch-size {size}"):
            shares[0].require_even(size + 1)


def test_one_process_alone_changes_nothing():
    values = torch.tensor([1.0, 3.0])
    ALONE.average([values])
    ALONE.equalise([values])
    assert ALONE.mean(values) is values and values.tolist() == [1, 3]
    assert ALONE.any(True, False) == (True, False) and ALONE.first(lambda: 5) == 5
    with ALONE.joined(torch.device("cpu")):
        assert ALONE.leads and ALONE.share == BatchShare(0, 1)


def test_tensors_travel_in_buckets_of_one_kind(monkeypatch):
    monkeypatch.setattr(processes, "_BUCKET_BYTES", 40)
    sizes = [(4, torch.float32), (2, torch.int64), (6, torch.float32), (30, torch.float32), (1, torch.float32)]
    tensors = [torch.zeros(size, dtype=kind) for size, kind in sizes]
    buckets = list(processes._buckets(tensors))
    assert [[len(tensor) for tensor in bucket] for bucket in buckets] == [[4, 6], [30], [1], [2]]
    assert list(processes._buckets([])) == []


def test_exchange_keeps_each_tensors_shape_and_layout():
    one = torch.arange(16.0).reshape(1, 2, 2, 4).to(memory_format=torch.channels_last)
    two = torch.arange(3.0)
    wanted = [one.clone() + 1, two.clone() + 1]
    Processes(count=2)._by_bucket([one, two], lambda flat: flat.add_(1))
    assert torch.equal(one, wanted[0]) and torch.equal(two, wanted[1])
    assert one.is_contiguous(memory_format=torch.channels_last)


class Pair(Processes):
    """One of two processes, the other of which has the same tensor times ten, one place longer."""

    def largest(self, number):
        return number + 1

    def exchange(self, pieces, own):
        for rank, piece in enumerate(pieces):
            piece.copy_(own if rank == self.rank else 10 * own)


@pytest.mark.parametrize("rank", [0, 1])
def test_rows_of_all_come_in_their_order_and_gradients_go_to_ones_own(rank):
    pair = Pair(rank=rank, count=2)
    own = torch.tensor([[1.0], [2.0]], requires_grad=True)
    together = pair.together(own)
    assert together.flatten().tolist() == ([1, 2, 10, 20] if rank == 0 else [10, 20, 1, 2])
    (together.flatten() * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert own.grad.flatten().tolist() == ([2, 4] if rank == 0 else [6, 8])  # doubled: the mean over both is the sum
    assert ALONE.together(own) is own


def test_shorter_rows_are_filled_up_flags_too():
    pair = Pair(rank=0, count=2)
    assert pair.together(torch.tensor([[1.0, 2.0]]), fill=7).tolist() == [[1, 2, 7], [10, 20, 70]]
    assert pair.together(torch.tensor([[False, True]]), fill=1)[0].tolist() == [False, True, True]
