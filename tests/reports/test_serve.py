"""`t2ibench serve`: what it shows, what it refuses, and that pages follow the results."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from t2ibench.cli.reports.serve import rebuilder, wanted_reports
from t2ibench.core.errors import UserError
from t2ibench.core.records import Results
from t2ibench.core.workspace import Workspace
from t2ibench.studies.report_server import ReportServer
from tests.reports.detail_results import write_details
from tests.reports.sample_results import FID, record, source, write_sample


@pytest.fixture
def serve():
    """Run a server in a thread."""
    running = []

    def start(folder, **rest):
        server = ReportServer(folder, port=0, **rest)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.stop()
        thread.join()
        server.close()


@pytest.fixture
def folder(tmp_path):
    reports = tmp_path / "reports"
    (reports / "compare" / "a" / "b").mkdir(parents=True)
    (reports / "compare" / "a" / "b" / "compare.html").write_text("<p>one</p>")
    (reports / "compare" / "a" / "b" / "compare.csv").write_text("a,b\n")
    (reports / ".hidden.html").write_text("hidden")
    (reports / "notes.pkl").write_text("no")
    (tmp_path / "secret.html").write_text("secret")
    (reports / "way-out.html").symlink_to(tmp_path / "secret.html")
    return reports


def ask(server, path, method="GET", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{server.port}")
    connection.endheaders()
    answer = connection.getresponse()
    found = (answer.status, answer.read().decode(), dict(answer.getheaders()))
    connection.close()
    return found


def test_files_of_reports_are_shown_as_they_are(serve, folder):
    server = serve(folder)
    status, text, headers = ask(server, "/compare/a/b/compare.html")
    assert (status, text) == (200, "<p>one</p>")
    assert headers["Content-Type"].startswith("text/html") and headers["X-Content-Type-Options"] == "nosniff"
    assert ask(server, "/compare/a/b/compare.csv")[1] == "a,b\n"
    assert ask(server, "/compare/a/b/compare.html", method="HEAD")[:2] == (200, "")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.html", "/%2e%2e/secret.html", "/compare/..%2f..%2fsecret.html", "/..%5csecret.html",
        "/way-out.html", "/.hidden.html", "/notes.pkl", "/compare", "/compare/", "//etc/passwd", "/%00", "/no.html",
    ],
)  # fmt: skip
def test_nothing_else_is(serve, folder, path):
    status, text, _ = ask(serve(folder), path)
    assert status == 404
    assert "secret" not in text and "hidden" not in text


def test_only_its_own_address_is_answered(serve, folder):
    server = serve(folder)
    assert ask(server, "/", host="evil.example")[0] == 403
    assert ask(server, "/compare/a/b/compare.html", host=f"evil.example:{server.port}")[0] == 403
    assert ask(server, "/", host=f"localhost:{server.port}")[0] == 200
    assert ask(server, "/", method="POST")[0] == 501
    assert server.address.startswith("http://127.0.0.1:")


def test_the_first_page_names_the_reports_and_runs_only_its_own_script(serve, folder):
    status, page, headers = ask(serve(folder), "/")
    assert status == 200
    assert "compare a b" in page and "compare.csv" in page
    assert "way-out" not in page and "hidden" not in page
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "'unsafe" not in policy


def test_an_empty_folder_says_what_fills_it(serve, tmp_path):
    assert "t2ibench quickstart" in ask(serve(tmp_path / "reports"), "/")[1]


def test_the_state_changes_with_a_page(serve, folder):
    server = serve(folder)
    before = json.loads(ask(server, "/state")[1])
    assert list(before) == ["compare/a/b/compare.html"]
    (folder / "compare" / "a" / "b" / "compare.html").write_text("<p>two!</p>")
    assert json.loads(ask(server, "/state")[1]) != before


def test_looking_brings_pages_up_to_date_without_waiting(serve, folder):
    begun, go_on = threading.Event(), threading.Event()

    def rebuild():
        begun.set()
        go_on.wait(20)
        (folder / "new.html").write_text("new")

    server = serve(folder, rebuild=rebuild)
    assert not begun.wait(0.7)  # nobody has looked
    assert "new.html" not in json.loads(ask(server, "/state")[1])
    assert begun.wait(20)
    go_on.set()
    for _ in range(200):
        if "new.html" in json.loads(ask(server, "/state")[1]):
            return
        time.sleep(0.05)
    raise AssertionError("the page that was made never showed")


def test_pages_follow_the_results(tmp_path):
    write_sample(tmp_path / "results", [record(source("a"), FID, 5.0, 1)])
    workspace = Workspace(tmp_path)
    rebuild = rebuilder(workspace)
    rebuild()
    page = workspace.reports / "leaderboard" / "leaderboard.html"
    first = page.read_text()
    page.write_text("mine")
    rebuild()
    assert page.read_text() == "mine"  # nothing has changed, so nothing is rendered
    Results(tmp_path / "results").append([record(source("newcomer"), FID, 6.0, 1)])
    rebuild()
    assert "newcomer" in page.read_text() and "newcomer" not in first
    assert (workspace.reports / "model" / "newcomer" / "model.html").is_file()


def test_every_model_and_every_comparison_has_a_page(tmp_path):
    results = write_details(tmp_path / "results")
    results.keep_comparison({"first": {"name": "attngan"}, "second": {"name": "dmgan"}})
    results.keep_comparison({"first": {}, "second": None})
    wanted = list(wanted_reports(Workspace(tmp_path)))
    assert ("model", ("dmgan",)) in wanted and ("compare", ("attngan", "dmgan")) in wanted
    assert len([one for one in wanted if one[0] == "compare"]) == 1


def test_a_port_that_is_taken_is_told(serve, folder):
    taken = serve(folder)
    with pytest.raises(UserError, match=f"Port {taken.port} .* --port"):
        ReportServer(folder, port=taken.port)


def test_control_c_ends_it_with_a_sentence(tmp_path):
    arguments = [sys.executable, "-u", "-m", "t2ibench", "serve", "--port", "0", "--workspace", str(tmp_path)]
    running = subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore SIGINT, and so would their children: tests run in one, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert running.stdout is not None
    assert "http://127.0.0.1:" in running.stdout.readline()
    time.sleep(0.2)
    os.kill(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=300)
    assert out.startswith("Stopped; the pages stay in") and not err
    assert running.returncode == 0
