"""Training batches of models whose phases of training ask for different ones."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

from t2ibench.core.interfaces import Trainable
from t2ibench.core.types import WHOLE_BATCH, BatchShare, DataRequest, TrainBatch
from t2ibench.data.batches.batches import TrainingData
from t2ibench.data.manifest import Manifest


class PhasedData:
    """The training batches of a model that is trained in phases, each with a request of its own.

    A step's batch depends on (seed, step, its phase's request) alone, so a run can go on at any step of any phase.
    Phases share the seed, not the epochs: a phase with larger batches has fewer steps in one.

    Args:
        manifest: the prepared data set.
        requests: name of the phase -> what its batches hold.
        seed: everything drawn hangs on it.
        share: which rows of every batch to return.

    Raises:
        UserError: as `TrainingData`.
    """

    def __init__(
        self, manifest: Manifest, requests: Mapping[str, DataRequest], seed: int, *, share: BatchShare = WHOLE_BATCH
    ) -> None:
        self._manifest = manifest
        self._requests = dict(requests)
        self._seed = seed
        self._share = share
        self.steps_per_epoch: Mapping[str, int] = {name: self._of(name).steps_per_epoch for name in requests}

    def batch(self, step: int, phase: str) -> TrainBatch:
        """Return the batch that a step (from 0) has in a phase, on the CPU."""
        return self._of(phase).batch(step, phase)

    def iterate(
        self, first_step: int, last_step: int, phase_of: Callable[[int], str], workers: int = 0
    ) -> Iterator[TrainBatch]:
        """Yield the batches of first_step, ..., last_step - 1; see `TrainingData.iterate`.

        The images kept in memory for one phase are dropped with its end.
        """
        for phase, steps in itertools.groupby(range(first_step, last_step), key=phase_of):
            mine = list(steps)
            yield from self._of(phase).iterate(mine[0], mine[-1] + 1, phase_of, workers)

    def _of(self, phase: str) -> TrainingData:
        request = self._requests[phase]
        return TrainingData(self._manifest, request, self._seed, split=request.split, share=self._share)


def training_data(
    manifest: Manifest, model: Trainable, seed: int, *, share: BatchShare = WHOLE_BATCH
) -> TrainingData | PhasedData:
    """Return the training batches that a model asks for, by phase if its phases do; `share` as in `TrainingData`.

    Raises:
        UserError: as `TrainingData`.
    """
    phases, usual = model.curriculum(), model.data_request()
    if any(phase.request for phase in phases):
        return PhasedData(manifest, {phase.name: phase.request or usual for phase in phases}, seed, share=share)
    return TrainingData(manifest, usual, seed, split=usual.split, share=share)
