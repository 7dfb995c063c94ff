"""A queue of jobs by submitit: of Slurm, or of this machine as many at a time as fit."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import submitit

from t2ibench.core.errors import UserError
from t2ibench.core.files import read_json, write_json
from t2ibench.core.place import Place
from t2ibench.studies.bench.cluster_job import ClusterJob
from t2ibench.training.interruption import Interruption
from t2ibench.training.tracking.progress import say

_POLL_SECONDS: Final = {"slurm": 5.0, "local": 0.2}
_TELL_SECONDS: Final = 300.0
_MINUTES: Final = {"slurm": 24 * 60, "local": 30 * 24 * 60}
"""Time of a job unless asked otherwise; submitit's own is a few minutes."""
_TIMES: Final = 100
"""How often a job whose time is over is queued again."""
_OF_ALL: Final = ("timeout_min", "mem_gb", "cpus_per_task", "gpus_per_node", "stderr_to_stdout", "name")
"""Options that submitit knows for every cluster; others are sbatch's."""
_COMMAND: Final = (sys.executable, "-m", "t2ibench")
_ONE: Final = ("nodes", "tasks_per_node", "slurm_ntasks_per_node", "slurm_nodes")


@dataclass(frozen=True)
class Cluster:
    """Where jobs run.

    Attributes:
        kind: "slurm", or "local" for processes of this machine.
        config: the benchmarks.toml that the jobs read.
        options: of the jobs, as in {"partition": "gpu", "gpus_per_node": 1}; see `--cluster-option`.
        at_once: how many run at a time, for "local"; None for all.
    """

    kind: str
    config: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    at_once: int | None = None

    def __post_init__(self) -> None:
        """Raise UserError if jobs cannot be sent off from here: Slurm is missing, or an option does not fit."""
        if self.kind == "slurm" and shutil.which("sbatch") is None:
            raise UserError(
                "--cluster slurm needs Slurm's sbatch, which is not on this machine: ask on a login node, or try it "
                "with --cluster local."
            )
        for name in _ONE:
            if self.options.get(name, 1) != 1:
                raise UserError(
                    f"--cluster-option {name}={self.options[name]}: a suite's model is trained by one process. For "
                    "several, train it by `srun python -m t2ibench train` (docs/how-to/long-runs.md)."
                )


@dataclass
class _Job:
    title: str
    key: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    going: Any = None
    begun: float = 0.0
    told: int = 0


class Queue:
    """Jobs to do, and the file that remembers the numbers of those sent off for a later call.

    Args:
        cluster: where they run.
        place: its workspace holds the logs; its threads are shared by the jobs of this machine.
        stop_at_failure: end the other jobs after a failure, with everything saved.
    """

    def __init__(self, cluster: Cluster, place: Place, *, stop_at_failure: bool = False) -> None:
        self._cluster = cluster
        self._place = place
        self._stops = stop_at_failure
        self._folder = place.workspace.root / "cluster"
        self._known = self._folder / "jobs.json"
        self._waiting: list[_Job] = []
        self._sent: list[_Job] = []

    def put(
        self, title: str, key: str, arguments: Sequence[str], environment: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Add a job.

        Args:
            title: names it in messages.
            key: what it makes; while a job with this key is still queued or running from an earlier call, that one is
                waited for instead.
            arguments: of `t2ibench`, but for where: a command that goes on where it was stopped.
            environment: variables of its own.
        """
        self._waiting.append(_Job(title, key, arguments, environment))

    def wait(self) -> dict[str, str]:
        """Return title -> reason of the jobs that failed, once all are over.

        Raises:
            UserError: a job cannot be sent off.
            KeyboardInterrupt: stopped by a signal; jobs of Slurm go on, local ones have saved and ended.
        """
        failures: dict[str, str] = {}
        told = time.monotonic()
        at_once = self._cluster.at_once or len(self._waiting)
        threads = self._threads(min(at_once, len(self._waiting)))
        with Interruption() as interruption:
            while self._sent or self._waiting:
                while self._waiting and len(self._sent) < at_once:
                    self._send(self._waiting.pop(0), threads)
                if interruption.requested:
                    self._leave()
                over = [each for each in self._sent if each.going.done()]
                self._relay()
                for one in over:
                    self._sent.remove(one)
                    self._remember(one.key, None)
                    reason = _reason(one.going)
                    if reason:
                        failures[one.title] = reason
                    minutes = (time.monotonic() - one.begun) / 60
                    verb, left = "failed" if reason else "done", len(self._sent) + len(self._waiting)
                    say(f"{one.title}: {verb} after {minutes:.1f} minutes, {left} jobs to go.")
                if failures and self._stops:
                    self._waiting.clear()
                    self._end()
                if time.monotonic() - told > _TELL_SECONDS:
                    told = time.monotonic()
                    say(f"Waiting for {', '.join(f'{one.going.job_id} ({one.going.state})' for one in self._sent)}.")
                time.sleep(_POLL_SECONDS[self._cluster.kind])
        return failures

    def _threads(self, sharing: int) -> int | None:
        """Return the threads of a job; None for what its machine takes by itself."""
        if self._cluster.kind == "slurm" or not sharing:
            return self._place.threads
        return max(1, (self._place.threads or len(os.sched_getaffinity(0))) // sharing)

    def _send(self, one: _Job, threads: int | None) -> None:
        """Send a job off, or take over that of an earlier call if it is still queued or running."""
        one.begun = time.monotonic()
        one.going = self._still_there(one.key)
        if one.going is None:
            one.going = self._submitted(one, threads)
            self._remember(one.key, str(one.going.job_id))
            one.told = _size(one.going.paths.stderr)
            say(f"{one.title}: sent off as job {one.going.job_id}; its log is {one.going.paths.stderr}")
        else:
            say(f"{one.title}: job {one.going.job_id} of an earlier call is still there, waiting for it.")
        self._sent.append(one)

    def _relay(self) -> None:
        """Pass on what the jobs of this machine say."""
        for one in self._sent if self._cluster.kind == "local" else ():
            if _size(one.going.paths.stderr) > one.told:
                with Path(one.going.paths.stderr).open("rb") as file:
                    file.seek(one.told)
                    whole = file.read().rpartition(b"\n")
                    one.told += len(whole[0] + whole[1])
                    if whole[1]:
                        say(whole[0].decode(errors="replace"))

    def _leave(self) -> None:
        if self._cluster.kind == "slurm":
            numbers = " ".join(str(one.going.job_id) for one in self._sent)
            say(f"The jobs {numbers} go on. Ask again to wait for them; `scancel {numbers}` ends them, with all saved.")
        else:
            self._end()
        raise KeyboardInterrupt

    def _end(self) -> None:
        """Stop the jobs sent off; those of this machine have saved everything on return."""
        if self._cluster.kind == "slurm":
            for one in self._sent:
                one.going.cancel(check=False)
        else:
            # More than once, as a job that is just beginning hears no signal.
            while going := [one.going for one in self._sent if not one.going.done()]:
                for job in going:
                    with suppress(ProcessLookupError):
                        os.kill(int(job.job_id), signal.SIGTERM)
                self._relay()
                time.sleep(_POLL_SECONDS["local"])
        for one in self._sent:
            self._remember(one.key, None)
        self._sent.clear()

    def _submitted(self, one: _Job, threads: int | None) -> Any:
        kind = self._cluster.kind
        usual = {"name": f"t2ibench {one.title}".replace(",", "").replace(" ", "-"), "timeout_min": _MINUTES[kind]}
        options = {**usual, **_prefixed(self._cluster.options)}
        environment: dict[str, str | None] = {**one.environment}
        if threads is not None:
            environment["OMP_NUM_THREADS"] = str(threads)
        if kind == "local" and "gpus_per_node" not in options:  # submitit would hide them all
            environment["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES")
        where = ["--device", self._place.device, "--workspace", str(self._place.workspace.root)]
        where += ["--config", str(self._cluster.config.absolute())]
        try:
            executor = submitit.AutoExecutor(self._folder, cluster=kind, slurm_max_num_timeout=_TIMES)
            executor.update_parameters(**options)
            with _deaf_to_the_terminal():
                return executor.submit(ClusterJob([*_COMMAND, *one.arguments, *where], environment))
        except (NameError, TypeError, ValueError, AssertionError) as error:
            raise UserError(f"submitit refuses --cluster-option: {error}") from error
        except (RuntimeError, OSError, submitit.core.utils.FailedJobError) as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise UserError(f"The job of {one.title} could not be sent off: {lines[-1] if lines else error}") from error

    def _still_there(self, key: str) -> Any:
        """Return the job of an earlier call for just this work that is not over; None mostly."""
        number = self._numbers().get(key)
        if number is None or self._cluster.kind != "slurm":  # a local job belongs to the process that began it
            return None
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


@contextmanager
def _deaf_to_the_terminal() -> Iterator[None]:
    """Keep SIGINT from processes that begin now: Ctrl-C is for this one, which ends them once."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _prefixed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return submitit's names of options: "partition" is "slurm_partition" there."""
    return {
        name if name in (*_OF_ALL, *_ONE) or name.startswith("slurm_") else f"slurm_{name}": value
        for name, value in options.items()
    }


def _reason(job: Any) -> str:
    """Return why a job that is over failed; "" if it did not."""
    try:
        return str(job.result())
    except (submitit.core.utils.UncompletedJobError, submitit.core.utils.FailedJobError):
        state = str(job.state).lower()
        return f"Job {job.job_id} ended without finishing ({state}). Its log is {job.paths.stderr}; ask again to go on."
