"""A file server on this machine that can resume, cut, refuse and change, and archives to serve."""

import hashlib
import io
import os
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from t2ibench.data.fetch.download import Patience

HASTE = Patience(attempts=2, wait=0.01, timeout=5.0)


class FileServer:
    """Serves `files` (path -> bytes); `cuts` (path -> bytes) breaks every answer off after that many bytes."""

    def __init__(self):
        self.files, self.cuts, self.ranges, self.requests, self.version = {}, {}, True, [], "1"
        self.stall = 0  # bytes after which an answer waits for ever, 0 for never
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_port}/{path}"

    def answer(self, to):
        path = to.path.lstrip("/")
        asked = to.headers.get("Range")
        self.requests.append((path, asked))
        if path not in self.files:
            to.send_error(404)
            return
        content, start = self.files[path], 0
        same = to.headers.get("If-Range", f'"{self.version}"') == f'"{self.version}"'
        if asked and self.ranges and same:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                to.send_response(416)
                to.send_header("Content-Range", f"bytes */{len(content)}")
                to.end_headers()
                return
            to.send_response(206)
            to.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            to.send_response(200)
        to.send_header("Content-Length", str(len(content) - start))
        to.send_header("ETag", f'"{self.version}"')
        to.end_headers()
        end = min(len(content), start + self.cuts.get(path, len(content)))
        if self.stall:
            to.wfile.write(content[start : start + self.stall])
            to.wfile.flush()
            self.over.wait(60)
            return
        to.wfile.write(content[start:end])


@pytest.fixture(autouse=True)
def no_sync(monkeypatch):
    """No power is cut here, and a sync may wait for everybody else's files too."""
    monkeypatch.setattr(os, "sync", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def server():
    made = FileServer()
    yield made
    made.over.set()
    made.server.shutdown()
    made.server.server_close()


def zipped(entries, links=()):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        for name in links:
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def tarred(entries, odd=(), mode="w:gz"):
    """`odd`: TarInfo objects to add."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in odd:
            archive.addfile(info)
    return buffer.getvalue()


def sha256(content):
    return hashlib.sha256(content).hexdigest()
