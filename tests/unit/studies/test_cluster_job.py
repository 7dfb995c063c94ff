"""What runs as a job of a cluster: it ends with a sentence, and is sent off again when its time is over."""

import pickle
import signal
import sys
import textwrap

from t2ibench.studies.bench.cluster_job import ClusterJob

PATIENT = """
    import pathlib, signal, sys, time
    def save(*_):
        time.sleep(0.3)
        pathlib.Path(sys.argv[1]).write_text("saved")
        print("Stopped after step 6, everything is saved.", file=sys.stderr)
        sys.exit(130)
    signal.signal(signal.SIGTERM, save)
    print("begun", file=sys.stderr, flush=True)
    time.sleep(60)
"""


def job(code, *arguments, **environment):
    return ClusterJob((sys.executable, "-c", textwrap.dedent(code), *arguments), environment)


def test_it_says_what_the_command_said_last(capfd):
    assert job("print('all well')")() == ""
    told = job(
        "import os, sys; print('Step 1', file=sys.stderr); sys.exit(f'Error: {os.environ[\"WHY\"]}\\n')", WHY="x"
    )
    assert told() == "x"
    assert "Step 1" in capfd.readouterr().err
    assert "status 3" in job("raise SystemExit(3)")()


def test_a_variable_that_is_not_to_be_is_not_there(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    told = job("import os, sys; sys.exit(str('CUDA_VISIBLE_DEVICES' in os.environ))", CUDA_VISIBLE_DEVICES=None)
    assert told() == "False"


def test_when_its_time_is_over_all_is_saved_before_it_is_sent_off_again(tmp_path):
    saved = tmp_path / "saved"
    patient = job(PATIENT, str(saved))
    again = []

    def over(*_):
        again.append(patient.checkpoint())
        assert saved.read_text() == "saved"

    before = signal.signal(signal.SIGALRM, over)
    try:
        signal.setitimer(signal.ITIMER_REAL, 2)
        assert patient() == "Stopped after step 6, everything is saved."
    finally:
        signal.signal(signal.SIGALRM, before)
    (submission,) = again
    assert isinstance(pickle.loads(pickle.dumps(submission)).function, ClusterJob)
