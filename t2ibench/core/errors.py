"""Errors a user can cause. The command line prints them as one sentence and leaves with `exit_code`."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


class UserError(Exception):
    """A request that cannot be carried out as asked; its text names the thing, the file and the next step."""

    exit_code = 2


class RunFailedError(UserError):
    """A request that was sound but whose work failed (a NaN loss, a full disk, a metric that could not be had)."""

    exit_code = 1


def unknown_name(kind: str, name: str, known: Iterable[str], *, hint: str = "") -> UserError:
    """Return the error for a name that is not known, with the nearest known names.

    Args:
        kind: what the name stands for, as in "model" or "data set".
        name: what the user typed.
        known: all names that would have been accepted.
        hint: a further sentence, as in "Run `t2ibench list models` to see them all."
    """
    names = sorted(known)
    guess = did_you_mean(name, names)
    if not guess and names:
        guess = f" Known: {', '.join(names[:12])}{', ...' if len(names) > 12 else ''}."
    guess = guess or " None is known."
    return UserError(f"There is no {kind} called {name!r}.{guess}{' ' + hint if hint else ''}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" with the nearest known names, "" where none is near."""
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def require_known(kind: str, known: Collection[str], *names: str, hint: str = "") -> None:
    """Check that names are known; arguments as `unknown_name`.

    Raises:
        UserError: one is not.
    """
    for name in names:
        if name not in known:
            raise unknown_name(kind, name, known, hint=hint)
