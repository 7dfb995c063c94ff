"""The training loop: steps, checkpoints, the log, sample images, and stopping when asked to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

import torch

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.interfaces import TextToImage, Trainable
from t2ibench.core.spec.benchmarks import TrainingSpec
from t2ibench.core.types import Caption, TrainBatch
from t2ibench.training.checkpoints.checkpoint import Checkpoints, Saver
from t2ibench.training.checkpoints.run_folder import RunFolder
from t2ibench.training.compute import USUAL, Compute
from t2ibench.training.engine.engine import Engine
from t2ibench.training.engine.losses import NotFiniteError
from t2ibench.training.engine.phases import Phases
from t2ibench.training.engine.processes import ALONE, Processes
from t2ibench.training.interruption import Interruption
from t2ibench.training.quick import Best, QuickMetrics
from t2ibench.training.tracking.progress import Progress, say
from t2ibench.training.tracking.sample_images import SampleImages
from t2ibench.training.tracking.trackers import RunName, Tracker, trackers_for

_ECHO: Final = 5.0
"""Seconds in which a second signal counts as the first where several processes train, see `Interruption`."""


class BatchSource(Protocol):
    """Training batches that are pure functions of (seed, step)."""

    @property
    def steps_per_epoch(self) -> int | Mapping[str, int]:
        """Steps in one pass over the training images; by phase where the phases' batches differ."""
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
    compute: Compute = USUAL,
    processes: Processes = ALONE,
    quick: QuickMetrics | None = None,
    snapshots: Collection[int] = (),
    snapshot: Callable[[int, Engine], None] = lambda done, engine: None,
) -> Engine:
    """Return the engine after `steps` steps, going on from the newest sound checkpoint; the caller holds the lock.

    Args:
        model: freshly built.
        data: its batches; of several processes each gives its own rows.
        spec: what is trained; seed and precision are taken from it.
        steps: steps in all, those of earlier sessions included.
        folder: checkpoints, log and samples go there.
        device: where to compute.
        captions: of the sample images; none are drawn without.
        compute: how often to log, save and draw, to which trackers, with how many threads.
        processes: that train together; all make the same steps and stop at the same one, the first alone writes.
        quick: what to measure meanwhile.
        snapshots: steps after which `snapshot` is called by the first process, before the checkpoint of that step.
        snapshot: takes the steps done and the engine.

    Raises:
        UserError: a tracker is not installed, or the best of a run is wanted that went on past `steps`.
        RunFailedError: a number stopped being finite, or the disk is full or too small.
        KeyboardInterrupt: SIGINT or SIGTERM came; the step was finished and everything saved.
        SystemExit: in processes that do not lead, for what the first one raises.
    """
    label = f"{spec.label} on {spec.dataset}"
    engine = Engine(
        model,
        seed=spec.seed,
        device=device,
        precision=spec.precision,
        compiled=spec.compiled,
        steps_per_epoch=data.steps_per_epoch,
        processes=processes,
    )
    if steps == 0:
        return engine
    phases = Phases(model.curriculum(), steps)
    checkpoints = Checkpoints(folder.checkpoints, say, compute.keep_checkpoints)
    furthest, first = processes.first(lambda: (max(checkpoints.steps(), default=0), checkpoints.newest(at_most=steps)))
    if first:
        with processes.alike():
            checkpoints.load(engine, first, phases.ends)
    run = _Run(label, engine, Saver(checkpoints, engine, compute, first, phases.ends), folder, quick)
    # Where a longer request came before this one its checkpoints and log stay; this stretch leaves only its model.
    run.saver.enabled = furthest <= steps
    run.progress = Progress(label, first, steps, shown=processes.leads)
    image_steps = compute.image_steps or max(steps // 10, 50)

    try:
        processes.first(partial(run.begin, first, steps, furthest, captions, compute.track))
        with Interruption(echo=_ECHO if processes.count > 1 else 0.0) as interruption:
            for done, batch in enumerate(data.iterate(first, steps, phases, compute.workers), start=first + 1):
                engine.step(batch, done - 1, phase_start=phases.start(done - 1))
                run.progress.advance(done, len(batch.captions) * processes.count)
                due = processes.leads and run.saver.due(done)
                requested, due = processes.any(interruption.requested, due)
                last = done == steps or requested
                if done in snapshots:
                    processes.first(partial(snapshot, done, engine))
                saving = run.saver.enabled and (last or due)
                if saving or last or done % compute.log_steps == 0 or run.measures(done):
                    processes.first(partial(run.record, done, engine.losses.flush(), saving))
                if requested and done < steps:
                    processes.first(partial(run.stop, done, steps))
                if done == steps or done % image_steps == 0:
                    processes.first(partial(run.draw, done))
    except NotFiniteError as error:
        if not processes.leads:
            raise SystemExit(RunFailedError.exit_code) from None
        good = checkpoints.steps()
        where = f"the last good checkpoint is {checkpoints.path(good[-1])}" if good else "there is no checkpoint yet"
        raise RunFailedError(
            f"Training {label} failed: {error}; {where}. Asking again would end the same way: "
            "try another --seed, a smaller learning rate or --precision 32-true."
        ) from error
    finally:
        run.close()
    return engine


class _Run:
    """What the first process writes and prints while all of them train; nothing here changes a weight."""

    def __init__(self, label: str, engine: Engine, saver: Saver, folder: RunFolder, quick: QuickMetrics | None) -> None:
        self._label = label
        self._engine = engine
        self.saver = saver
        self._folder = folder
        self._quick = quick
        self.progress: Progress
        self._first = 0
        self._trackers: list[Tracker] = []
        self._images: SampleImages | None = None

    def begin(
        self, first: int, steps: int, furthest: int, captions: Sequence[Caption], track: tuple[str, ...] | None
    ) -> None:
        """Say where the run stands, see that there is room for its checkpoints, open its log."""
        self._first = first
        self._trackers.append(self.progress)
        if first:
            say(f"{self._label} goes on from step {first}.")
        if not self.saver.enabled:
            if self._quick is not None and self._quick.best_of:
                raise UserError(
                    f"{self._label} is at step {furthest} already, and the best of all its steps is kept: ask for "
                    f"--steps {furthest} or more, or take another --seed."
                )
            say(f"This run is at step {furthest} already; its steps {first + 1} to {steps} are computed once more.")
            return
        if first < steps:
            self.saver.require_space(steps)
        spec = self._folder.spec
        named = f"{spec.label.replace(':', '-')}-{spec.dataset}-{spec.digest[:12]}"
        run = RunName(named, spec.model_dump(mode="json"))
        self._trackers += trackers_for(self._folder.path, first, run, track)
        if captions and isinstance(self._engine.model, TextToImage):
            self._images = SampleImages(self._engine.model, captions, spec.seed, self._folder.samples)

    def measures(self, done: int) -> bool:
        """Return whether quick metrics are due."""
        return self._quick is not None and self.saver.enabled and done % self._quick.every == 0

    def record(self, done: int, values: Mapping[str, float], saving: bool) -> None:
        """Log the losses and the quick metrics, and write a checkpoint if it is time.

        What did best is kept before the checkpoint is written: a kill between the two measures it again.
        """
        if self._quick is not None and self.measures(done):
            with self._engine.ema_weights():
                found = self._quick.measure(self._engine.device)
            values = {**values, **{f"quick/{name}": value for name, value in found.items()}}
            best_of = self._quick.best_of
            if best_of:
                best = Best(self._folder.best)
                saving |= best.offer(done, self._quick, found[best_of], self._engine.exported())
        for tracker in self._trackers:
            tracker.log(done, values)
        if saving:
            self._folder.note_time(self._first, done)
            self.saver.save(done)

    def stop(self, done: int, steps: int) -> None:
        """Leave as asked."""
        kept = "everything is saved" if self.saver.enabled else "the earlier checkpoints are as they were"
        say(f"Stopped after step {done} of {steps} as asked; {kept}. Ask again to go on.")
        raise KeyboardInterrupt

    def draw(self, done: int) -> None:
        """Draw the sample images."""
        if self._images is not None:
            path = self._images.draw(self._engine, done)
            for tracker in self._trackers:
                tracker.image(done, path)

    def close(self) -> None:
        """Close log and progress."""
        for tracker in self._trackers:
            tracker.close()
