"""What runs as a job: one command line of ours, and the sentence that it ended with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any


class ClusterJob:
    """A command that submitit runs; it can be stopped and sent off again, since trainings go on where they were.

    Args:
        command: what to run.
        environment: variables besides those of the machine; None for one that is not to be.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str | None]) -> None:
        self._command = tuple(command)
        self._environment = dict(environment)
        self._process: subprocess.Popen[str] | None = None
        self._ending = False

    def __call__(self) -> str:
        """Return "" once the command has done its work, else the sentence that it ended with."""
        variables = {**os.environ, **self._environment}
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={name: value for name, value in variables.items() if value is not None},
        )
        self._process = process
        if "SUBMITIT_LOCAL_JOB_ID" in os.environ:  # Slurm sends SIGTERM to every process of a job, the command included
            signal.signal(signal.SIGTERM, self._end_once)
        last = ""
        try:
            assert process.stderr is not None
            for line in process.stderr:
                last = line.strip() or last
                print(line, end="", file=sys.stderr, flush=True)  # the job's log
            status = process.wait()
        except BaseException:
            process.terminate()  # it finishes its step and saves
            process.wait()
            raise
        return "" if status == 0 else last.removeprefix("Error: ") or f"It ended with status {status}, saying nothing."

    def _end_once(self, *_: object) -> None:
        """Let the command finish its step and save; a second signal would end it at once."""
        if self._process is not None and not self._ending:
            self._ending = True
            self._process.terminate()

    def checkpoint(self) -> Any:
        """Return what submitit is to queue again, the time of the job being over: the same, once all is saved."""
        from submitit.helpers import DelayedSubmission

        if self._process is not None:
            self._process.terminate()
            # Not Popen.wait: this is a signal's handler, and the code that it interrupts may hold its lock.
            with suppress(ChildProcessError):
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        return DelayedSubmission(ClusterJob(self._command, self._environment))
