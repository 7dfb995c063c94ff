"""The training loop: steps, checkpoints, the log, sample pictures, and stopping when asked to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import torch

from t2ibench.errors import RunFailedError
from t2ibench.interfaces import TextToImage, Trainable
from t2ibench.spec import TrainingSpec
from t2ibench.training.checkpoint import Checkpoints
from t2ibench.training.engine import Engine
from t2ibench.training.interruption import Interruption
from t2ibench.training.losses import NotFiniteError
from t2ibench.training.phases import Phases
from t2ibench.training.pictures import SamplePictures
from t2ibench.training.progress import Progress, say
from t2ibench.training.rhythm import USUAL, Rhythm
from t2ibench.training.run_folder import RunFolder
from t2ibench.training.trackers import Tracker, trackers_for
from t2ibench.types import Caption, TrainBatch


class BatchSource(Protocol):
    """Training batches that are pure functions of (seed, step)."""

    @property
    def steps_per_epoch(self) -> int | Mapping[str, int]:
        """Steps in one pass over the training pictures; by phase where the phases' batches differ."""
        ...

    def iterate(
        self, first_step: int, last_step: int, phase_of: Callable[[int], str], workers: int = 0
    ) -> Iterable[TrainBatch]:
        """Yield the batches of steps first_step to last_step - 1."""
        ...


def train(
    model: Trainable,
    data: BatchSource,
    *,
    spec: TrainingSpec,
    steps: int,
    folder: RunFolder,
    device: torch.device,
    captions: Sequence[Caption] = (),
    workers: int = 0,
    rhythm: Rhythm = USUAL,
) -> Engine:
    """Return the engine after `steps` steps, going on from the newest sound checkpoint; the caller holds the lock.

    Args:
        model: freshly built.
        data: its batches.
        spec: what is trained; seed and precision are taken from it.
        steps: steps in all, those of earlier sessions included.
        folder: checkpoints, log and samples go there.
        device: where to compute.
        captions: of the sample pictures; none are drawn without.
        workers: processes that load batches.
        rhythm: how often to log, save and draw.

    Raises:
        RunFailedError: a number stopped being finite, or the disk is full.
        KeyboardInterrupt: SIGINT or SIGTERM came; the step was finished and everything saved.
    """
    engine = Engine(
        model, seed=spec.seed, device=device, precision=spec.precision, steps_per_epoch=data.steps_per_epoch
    )
    if steps == 0:
        return engine
    phases = Phases(model.curriculum(), steps)
    checkpoints = Checkpoints(folder.checkpoints, say)
    furthest = max(checkpoints.steps(), default=0)
    first = checkpoints.newest(at_most=steps)
    if first:
        checkpoints.load(engine, first, phases.ends)
        say(f"{spec.label} on {spec.dataset} goes on from step {first}.")
    saver = _Saver(checkpoints, engine, rhythm, first, phases.ends)
    trackers: list[Tracker] = []
    if furthest > steps:
        # A longer request came before this one. Its checkpoints and log stay; this stretch leaves only its model.
        say(f"This run is at step {furthest} already; its steps {first + 1} to {steps} are computed once more.")
        saver.enabled = False
    else:
        trackers += trackers_for(folder.path, first)
    progress = Progress(f"{spec.label} on {spec.dataset}", first, steps)
    trackers.append(progress)
    pictures = None
    if captions and isinstance(model, TextToImage) and saver.enabled:
        pictures = SamplePictures(model, captions, spec.seed, folder.samples)
    picture_steps = rhythm.picture_steps or max(steps // 10, 50)

    try:
        with Interruption() as interruption:
            for done, batch in enumerate(data.iterate(first, steps, phases, workers), start=first + 1):
                engine.step(batch, done - 1, phase_start=phases.start(done - 1))
                progress.advance(done, len(batch.captions))
                last = done == steps or interruption.requested
                saving = saver.enabled and (last or saver.due(done))
                if saving or last or done % rhythm.log_steps == 0:
                    values = engine.losses.flush()
                    for tracker in trackers:
                        tracker.log(done, values)
                if saving:
                    saver.save(done)
                if interruption.requested and done < steps:
                    kept = "everything is saved" if saver.enabled else "the earlier checkpoints are as they were"
                    say(f"Stopped after step {done} of {steps} as asked; {kept}. Ask again to go on.")
                    raise KeyboardInterrupt
                if pictures is not None and (done == steps or done % picture_steps == 0):
                    path = pictures.draw(engine, done)
                    for tracker in trackers:
                        tracker.picture(done, path)
    except NotFiniteError as error:
        good = checkpoints.steps()
        where = f"the last good checkpoint is {checkpoints.path(good[-1])}" if good else "there is no checkpoint yet"
        raise RunFailedError(
            f"Training {spec.label} on {spec.dataset} failed: {error}; {where}. Asking again would end the same way: "
            "try another --seed, a smaller learning rate or --precision 32-true."
        ) from error
    finally:
        for tracker in trackers:
            tracker.close()
    return engine


class _Saver:
    """Says when a checkpoint is due, and writes it."""

    def __init__(
        self, checkpoints: Checkpoints, engine: Engine, rhythm: Rhythm, first: int, ends: tuple[int, ...]
    ) -> None:
        self.enabled = True
        self._ends = ends
        self._checkpoints, self._engine, self._rhythm = checkpoints, engine, rhythm
        self._last_step, self._last_time = first, time.monotonic()
        self._pause = rhythm.checkpoint_seconds

    def due(self, done: int) -> bool:
        """Return whether it is time."""
        every = self._rhythm.checkpoint_steps
        return (every is not None and done - self._last_step >= every) or (
            time.monotonic() - self._last_time >= self._pause
        )

    def save(self, done: int) -> None:
        """Write it. The next one waits long enough that saving takes less than 5 % of the time."""
        begun = time.monotonic()
        self._checkpoints.save(self._engine, done, self._ends)
        self._last_step, self._last_time = done, time.monotonic()
        self._pause = max(self._rhythm.checkpoint_seconds, 20 * (self._last_time - begun))
