"""Training the models of a suite as jobs of a cluster, by submitit; they are measured where the command was given."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import read_json, write_json
from t2ibench.core.place import Place
from t2ibench.data.open import open_dataset
from t2ibench.studies.bench.cluster_job import ClusterJob
from t2ibench.studies.bench.plan import BenchItem
from t2ibench.studies.bench.side_by_side import command_of, lacking_models
from t2ibench.training.checks import require_feasible
from t2ibench.training.interruption import Interruption
from t2ibench.training.request import Job, TrainRequest
from t2ibench.training.tracking.progress import say
from t2ibench.training.train import carry_out, plan_training

_POLL_SECONDS: Final = {"slurm": 5.0, "local": 0.2}
_TELL_SECONDS: Final = 300.0
_MINUTES: Final = {"slurm": 24 * 60, "local": 30 * 24 * 60}
"""Time of a job unless asked otherwise; submitit's own is a few minutes."""
_SIGHT_SECONDS: Final = 60.0
"""How long a model that another machine wrote may take to be seen on a shared disk."""
_TIMES: Final = 100
"""How often a job whose time is over is queued again."""
_OF_ALL: Final = ("timeout_min", "mem_gb", "cpus_per_task", "gpus_per_node", "stderr_to_stdout", "name")
"""Options that submitit knows for every cluster; others are sbatch's."""
_ONE: Final = ("nodes", "tasks_per_node", "slurm_ntasks_per_node", "slurm_nodes")


@dataclass(frozen=True)
class Cluster:
    """Where jobs run.

    Attributes:
        kind: "slurm", or "local" for processes of this machine, to try it.
        config: the benchmarks.toml that the jobs read.
        options: of the jobs, as in {"partition": "gpu", "gpus_per_node": 1}; see `--cluster-option`.
    """

    kind: str
    config: Path
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class _Submitted:
    title: str
    key: str
    job: Any
    begun: float


def check_cluster(cluster: Cluster) -> None:
    """Check that jobs can be sent off, before anything is computed.

    Raises:
        UserError: submitit or Slurm is missing, or an option does not fit.
    """
    try:
        import submitit  # noqa: F401
    except ModuleNotFoundError as error:
        raise UserError("--cluster needs submitit: pip install 't2ibench[cluster]'.") from error
    if cluster.kind == "slurm" and shutil.which("sbatch") is None:
        raise UserError(
            "--cluster slurm needs Slurm's sbatch, which is not on this machine: ask on a login node, or try it with "
            "--cluster local."
        )
    for name in _ONE:
        if cluster.options.get(name, 1) != 1:
            raise UserError(
                f"--cluster-option {name}={cluster.options[name]}: a suite's model is trained by one process. For "
                "several, train it by `srun python -m t2ibench train` (docs/how-to/long-runs.md)."
            )


def train_on_cluster(
    items: Sequence[BenchItem], place: Place, cluster: Cluster, *, stop_at_failure: bool = False
) -> Mapping[str, str]:
    """Return title -> reason of the trainings that failed; the others' models are in the workspace.

    The jobs of encoders that are lacking come first, then a job a model. Jobs of an earlier call that are still queued
    or running are waited for instead of sent again. Models made around another one are left to whoever trains one at a
    time.

    Args:
        items: the models of a suite on one data set.
        place: where it is done.
        cluster: where, and with which options.
        stop_at_failure: cancel the other jobs after a failure.

    Raises:
        UserError: a job cannot be sent off, or the data set cannot be prepared.
        KeyboardInterrupt: stopped by a signal; jobs of Slurm go on, local ones save and end.
    """
    check_cluster(cluster)
    lacking = lacking_models(items, place)
    queue = _Queue(cluster, place)
    failures: dict[str, str] = {}
    feasible: list[tuple[BenchItem, TrainRequest, Job]] = []
    encoders: dict[str, tuple[TrainRequest, Job]] = {}
    for item, request, job in lacking:
        manifest = open_dataset(item.dataset, place.benchmarks, place.workspace)
        try:
            require_feasible(job, manifest)
        except UserError as error:
            failures[item.title] = str(error)
            continue
        feasible.append((item, request, job))
        for encoder in job.encoders.values():
            if encoder.done:
                continue
            spec = encoder.spec
            own = TrainRequest(spec.name, dataset=spec.dataset, steps=encoder.steps or None, seed=spec.seed)
            if encoder.steps and plan_training(own, place).spec.digest == spec.digest:
                encoders[encoder.identity] = (own, encoder)
            else:
                carry_out(encoder, manifest, place)
    for own, encoder in encoders.values():
        queue.send(_title(encoder), encoder, own)
    lost = queue.wait(stop_at_failure)
    sent = []
    for item, request, job in feasible:
        reasons = [lost[title] for title in map(_title, job.encoders.values()) if title in lost]
        if reasons:
            failures[item.title] = reasons[0]
        elif not (failures and stop_at_failure):
            queue.send(item.title, job, request)
            sent.append((item, job))
    failures |= queue.wait(stop_at_failure)
    for item, job in sent:
        if item.title not in failures and not (failures and stop_at_failure) and not _seen(job):
            failures[item.title] = (
                f"Its job is over, but {job.exported} is not there: do all machines see the workspace?"
            )
    return failures


def _title(encoder: Job) -> str:
    return f"{encoder.spec.label}, on {encoder.spec.dataset}"


def _seen(job: Job) -> bool:
    """Return whether the model of a job that is over is there, waiting a little for a slow disk."""
    patience = time.monotonic() + _SIGHT_SECONDS
    while not job.done:
        if time.monotonic() > patience:
            return False
        time.sleep(1)
    return True


class _Queue:
    """Jobs sent off, and the file that remembers their numbers for a later call."""

    def __init__(self, cluster: Cluster, place: Place) -> None:
        self._cluster = cluster
        self._place = place
        self._folder = place.workspace.root / "cluster"
        self._known = self._folder / "jobs.json"
        self._sent: list[_Submitted] = []

    def send(self, title: str, job: Job, request: TrainRequest) -> None:
        """Send a training off, or take over its job if that is still queued or running."""
        going = self._going(job.identity)
        if going is None:
            going = self._submitted(title, request)
            self._remember(job.identity, str(going.job_id))
            say(f"{title}: sent off as job {going.job_id}; its log is {going.paths.stderr}")
        else:
            say(f"{title}: job {going.job_id} of an earlier call is still there, waiting for it.")
        self._sent.append(_Submitted(title, job.identity, going, time.monotonic()))

    def wait(self, stop_at_failure: bool) -> dict[str, str]:
        """Return title -> reason of the jobs that failed, once all sent off are over."""
        failures: dict[str, str] = {}
        told = time.monotonic()
        with Interruption() as interruption:
            while self._sent:
                if interruption.requested:
                    self._leave()
                for one in [each for each in self._sent if each.job.done()]:
                    self._sent.remove(one)
                    self._remember(one.key, None)
                    reason = _reason(one.job)
                    if reason:
                        failures[one.title] = reason
                    minutes = (time.monotonic() - one.begun) / 60
                    verb = "failed" if reason else "trained"
                    say(f"{one.title}: {verb} after {minutes:.1f} minutes, {len(self._sent)} jobs to go.")
                if failures and stop_at_failure:
                    for one in self._sent:
                        one.job.cancel(check=False)
                        self._remember(one.key, None)
                    self._sent.clear()
                if time.monotonic() - told > _TELL_SECONDS:
                    told = time.monotonic()
                    say(f"Waiting for {', '.join(f'{one.job.job_id} ({one.job.state})' for one in self._sent)}.")
                time.sleep(_POLL_SECONDS[self._cluster.kind])
        return failures

    def _leave(self) -> None:
        numbers = " ".join(str(one.job.job_id) for one in self._sent)
        if self._cluster.kind == "slurm":
            say(f"The jobs {numbers} go on. Ask again to wait for them; `scancel {numbers}` ends them, with all saved.")
        else:
            for one in self._sent:
                one.job.cancel(check=False)
        raise KeyboardInterrupt

    def _submitted(self, title: str, request: TrainRequest) -> Any:
        import submitit

        kind = self._cluster.kind
        usual = {"name": f"t2ibench {title}".replace(",", "").replace(" ", "-"), "timeout_min": _MINUTES[kind]}
        options = {**usual, **_prefixed(self._cluster.options)}
        threads = self._place.threads
        limit = () if threads is None else ("--threads", str(threads))
        command = command_of(request, self._place, self._cluster.config, *limit)
        try:
            executor = submitit.AutoExecutor(self._folder, cluster=kind, slurm_max_num_timeout=_TIMES)
            executor.update_parameters(**options)
            return executor.submit(ClusterJob(command, {} if threads is None else {"OMP_NUM_THREADS": str(threads)}))
        except (NameError, TypeError, ValueError, AssertionError) as error:
            raise UserError(f"submitit refuses --cluster-option: {error}") from error
        except (RuntimeError, OSError, submitit.core.utils.FailedJobError) as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise UserError(f"The job of {title} could not be sent off: {lines[-1] if lines else error}") from error

    def _going(self, key: str) -> Any:
        """Return the job of an earlier call for just this training that is not over; None mostly."""
        number = self._numbers().get(key)
        if number is None or self._cluster.kind != "slurm":  # a local job belongs to the process that began it
            return None
        import submitit

        job: Any = submitit.SlurmJob(self._folder, number)
        known = job.watcher.get_info(number, mode="force")
        return None if not known or job.done() else job

    def _numbers(self) -> dict[str, str]:
        try:
            found = read_json(self._known, what="the list of jobs") if self._known.is_file() else {}
        except UserError:
            return {}
        return found if isinstance(found, dict) else {}

    def _remember(self, key: str, number: str | None) -> None:
        numbers = {**self._numbers(), key: number}
        write_json(self._known, {one: other for one, other in numbers.items() if other is not None})


def _prefixed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return submitit's names of options: "partition" is "slurm_partition" there."""
    return {
        name if name in (*_OF_ALL, *_ONE) or name.startswith("slurm_") else f"slurm_{name}": value
        for name, value in options.items()
    }


def _reason(job: Any) -> str:
    """Return why a job that is over failed; "" if it did not."""
    import submitit

    try:
        return str(job.result())
    except (submitit.core.utils.UncompletedJobError, submitit.core.utils.FailedJobError):
        state = str(job.state).lower()
        return f"Job {job.job_id} ended without finishing ({state}). Its log is {job.paths.stderr}; ask again to go on."
