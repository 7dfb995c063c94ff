"""Showing the reports folder on this machine: its files as they are, and a page around them that follows changes.

Reports may load nothing, so they cannot ask whether they are still true. The page around them asks, and shows a report
again when its file has changed.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import sys
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from t2ibench.core.errors import RunFailedError, UserError

HOST: Final = "127.0.0.1"
TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".tex": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""Endings of the files that are shown; others are not there as far as the server goes."""

_STYLE: Final = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
_SCRIPT: Final = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


class ReportServer:
    """Serves a folder of reports on 127.0.0.1, to this machine only.

    Args:
        folder: what is shown; it need not exist yet.
        port: 0 takes any that is free.
        rebuild: called while somebody looks, by one thread; it brings the reports up to date.

    Raises:
        UserError: the port is taken or not allowed.
    """

    def __init__(self, folder: Path, *, port: int, rebuild: Callable[[], None] = lambda: None) -> None:
        self.folder = folder.absolute()
        self._rebuild = rebuild
        self._looked = threading.Event()
        self._ended = threading.Event()
        try:
            self._server = ThreadingHTTPServer((HOST, port), _handler_of(self))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(f"Port {port} of {HOST} cannot be had: {reason}. Choose another with --port.") from error
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """The address of its first page."""
        return f"http://{HOST}:{self.port}/"

    def serve(self) -> None:
        """Answer until `stop` is called or a signal ends it."""
        threading.Thread(target=self._keep_fresh, daemon=True).start()
        try:
            self._server.serve_forever(poll_interval=0.2)
        finally:
            self._ended.set()

    def stop(self) -> None:
        """End `serve`, from another thread."""
        self._server.shutdown()

    def close(self) -> None:
        """Give the port back."""
        self._server.server_close()

    def _keep_fresh(self) -> None:
        """Rebuild after somebody has looked; nobody waits for it, and pages appear one after the other."""
        while not self._ended.is_set():
            if not self._looked.wait(timeout=0.5):
                continue
            self._looked.clear()
            try:
                self._rebuild()
            except (UserError, RunFailedError, OSError) as error:
                print(f"Error: {error}", file=sys.stderr)

    def state(self) -> dict[str, str]:
        """Return page, as in "compare/a/b/compare.html" -> what changes when its file does."""
        self._looked.set()
        found = {}
        for path in sorted(self.folder.rglob("*.html"), key=lambda one: (one.stem != "leaderboard", one)):
            name = path.relative_to(self.folder).as_posix()
            if self.file(name) is not None:
                told = path.stat()
                found[name] = f"{told.st_mtime_ns}-{told.st_size}"
        return found

    def file(self, name: str) -> Path | None:
        """Return the file that a path below the address means; None for all that is no report or lies elsewhere."""
        parts = name.split("/")
        if any(part in ("", ".", "..") or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return None
        path = self.folder.joinpath(*parts)
        try:
            inside = path.resolve().is_relative_to(self.folder.resolve())
            return path if inside and path.suffix in TYPES and path.is_file() else None
        except OSError:
            return None

    def allows(self, host: str) -> bool:
        """Return whether a request names this server; a strange name is a web page that reaches for it."""
        return host in (f"{HOST}:{self.port}", f"localhost:{self.port}")

    def front(self) -> tuple[str, str]:
        """Return (the page around the reports, its content security policy)."""
        state = self.state()
        links = "".join(self._link(name) for name in state)
        empty = (
            "<p>There are no reports yet. <code>t2ibench quickstart</code> makes some; this page shows them when they "
            "are there.</p>"
        )
        frame = '<main><iframe title="The report"></iframe></main>' if state else ""
        page = (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>t2ibench: reports</title>'
            f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head>\n'
            f'<body data-state="{html.escape(json.dumps(state))}"><nav aria-label="Reports"><h1>t2ibench: reports</h1>'
            f'{f"<ul>{links}</ul>" if state else empty}<p role="status"></p></nav>{frame}'
            f"<script>{_SCRIPT}</script></body></html>\n"
        )
        policy = (
            f"default-src 'none'; img-src data:; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; "
            f"style-src {_source(_STYLE)}; script-src {_source(_SCRIPT)}; base-uri 'none'; form-action 'none'"
        )
        return page, policy

    def _link(self, name: str) -> str:
        path = Path(name)
        title = " ".join(path.parent.parts) or path.stem
        others = sorted(
            one.relative_to(self.folder).as_posix()
            for one in (self.folder / path.parent).glob(f"{path.stem}.*")
            if one.suffix in TYPES and one.suffix != ".html"
        )
        small = " ".join(f'<a href="/{quote(one)}">{html.escape(one.rpartition(".")[2])}</a>' for one in others)
        shown = f'<a href="/{quote(name)}" data-path="{html.escape(name)}">{html.escape(title)}</a>'
        return f"<li>{shown}<small>{small}</small></li>"


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _handler_of(server: ReportServer) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers one request."""

    class Handler(BaseHTTPRequestHandler):
        server_version = "t2ibench"
        sys_version = ""

        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Keep the terminal quiet: requests of a browser tell its user nothing."""

        def _answer(self, *, body: bool) -> None:
            if not server.allows(self.headers.get("Host", "")):
                self._send(HTTPStatus.FORBIDDEN, b"This server answers to its own address only.\n", body=body)
                return
            name = unquote(urlsplit(self.path).path, errors="replace").removeprefix("/")
            if name == "":
                page, policy = server.front()
                headers = {"Content-Type": TYPES[".html"], "Content-Security-Policy": policy}
                self._send(HTTPStatus.OK, page.encode(), headers, body=body)
            elif name == "state":
                content = json.dumps(server.state()).encode()
                self._send(HTTPStatus.OK, content, {"Content-Type": TYPES[".json"]}, body=body)
            elif (path := server.file(name)) is not None:
                self._send(HTTPStatus.OK, path.read_bytes(), {"Content-Type": TYPES[path.suffix]}, body=body)
            else:
                self._send(HTTPStatus.NOT_FOUND, b"There is no such report.\n", body=body)

        def _send(
            self, status: HTTPStatus, content: bytes, headers: Mapping[str, str] | None = None, *, body: bool
        ) -> None:
            self.send_response(status)
            sent = {
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Length": str(len(content)),
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                **(headers or {}),
            }
            for key, value in sent.items():
                self.send_header(key, value)
            self.end_headers()
            if body:
                self.wfile.write(content)

    return Handler
