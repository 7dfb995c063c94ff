"""What a pickle would make the unpickler allocate, told from its opcodes before any unpickler sees them.

The C unpickler trusts what it reads: it grows its memo to twice the largest index (9 bytes ask for 17 GB), allocates
the sizes that strings declare, and hashes tuples of any depth on the C stack. Plain data needs none of that.
"""

from __future__ import annotations

import pickle
import pickletools
from collections.abc import Callable
from typing import Final

_DEEPEST: Final = 64
_SLACK: Final = 1024
"""Memo indices beyond the number of entries, and items repeated beyond the file's size, that are let through."""


class _Container:
    """A list, tuple, dict or set on the stack: how deep it is, how much it holds, whether it lies in another."""

    __slots__ = ("depth", "items", "placed")

    def __init__(self) -> None:
        self.depth = 1
        self.items = 0
        self.placed = False

    def take(self, values: list[_Value]) -> None:
        """Put values in."""
        if (self.placed and values) or self in values:
            raise pickle.UnpicklingError("it fills a list that lies in a list, which plain data never needs")
        self.items += len(values)
        for value in filter(None, values):
            value.placed = True
            self.items += value.items
            self.depth = max(self.depth, value.depth + 1)
        if self.depth > _DEEPEST:
            raise pickle.UnpicklingError(f"it is nested more than {_DEEPEST} deep")


_Value = _Container | None
"""None stands for everything that holds nothing: numbers, strings, classes."""

_LINES: Final = {"GLOBAL": 2, "INST": 2}
"""Opcodes that are followed by more lines than one."""
_LENGTHS: Final = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
"""How an argument's length is stored -> bytes of that length."""
_GETS: Final = ("GET", "BINGET", "LONG_BINGET")
_PUTS: Final = ("PUT", "BINPUT", "LONG_BINPUT")
_OPCODES: Final = {ord(op.code): (op.name, 0 if op.arg is None else op.arg.n) for op in pickletools.opcodes}
_ATOMS: Final = frozenset(
    op.name
    for op in pickletools.opcodes
    if not op.stack_before and len(op.stack_after) == 1 and op.name not in (*_GETS, "MARK")
    and not op.name.startswith(("EMPTY_", "EXT", "PERSID", "NEXT_BUFFER"))
)  # fmt: skip
_POPS: Final = {"APPEND": 1, "SETITEM": 2, "BUILD": 1}
"""Opcodes that put the uppermost values into what lies below them."""
_MAKES: Final = {
    "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3, "REDUCE": 2, "NEWOBJ": 2, "NEWOBJ_EX": 3, "STACK_GLOBAL": 2,
    "EMPTY_LIST": 0, "EMPTY_TUPLE": 0, "EMPTY_DICT": 0, "EMPTY_SET": 0,
}  # fmt: skip
"""Opcodes that make one thing of the uppermost values."""


def check_bounds(content: bytes) -> None:
    """Check that a pickle asks for no more than its own size explains; one that cannot be followed is left to its end.

    What comes after an opcode that no unpickler accepts is never reached by one, so that it is not looked at here.

    Raises:
        pickle.UnpicklingError: a string is longer than the file, a memo index is out of all proportion, things are
            nested too deeply or repeated too often, or lists contain each other.
    """
    _Walk(content).run()


class _Walk:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._stack: list[_Value] = []
        self._marks: list[int] = []
        self._memo: dict[int, _Value] = {}
        self._repeated = 0

    def run(self) -> None:
        """Follow the opcodes to the end, or to the first that no unpickler accepts."""
        content, stack, place = self._content, self._stack, 0
        numbered: dict[str, Callable[[int], None]] = dict.fromkeys(_GETS, self._get)
        numbered |= dict.fromkeys(_PUTS, self._put)
        try:
            while True:
                name, width = _OPCODES[content[place]]
                place += 1
                begin = place
                if width in _LENGTHS:
                    place += _LENGTHS[width]
                    place += self._length(begin, place)
                elif width < 0:
                    for _ in range(_LINES.get(name, 1)):
                        place = content.index(b"\n", place) + 1
                else:
                    place += width
                if name in _ATOMS:
                    stack.append(None)
                elif name in numbered:
                    number = content[begin:place]
                    numbered[name](int(number) if width < 0 else int.from_bytes(number, "little"))
                elif name == "FRAME":
                    self._length(begin, place)
                elif name == "STOP":
                    return
                else:
                    self._apply(name)
        except (KeyError, IndexError, ValueError):
            return  # no unpickler reads on either: it says what is wrong

    def _length(self, begin: int, end: int) -> int:
        """Return the length stored in some bytes, which may be no more than what follows."""
        length = int.from_bytes(self._content[begin:end], "little")
        if length > len(self._content) - end:
            raise pickle.UnpicklingError(
                f"it declares {length:,} bytes where {max(0, len(self._content) - end):,} are left"
            )
        return length

    def _get(self, index: int) -> None:
        value = self._memo[index]
        if value is not None:
            self._repeated += value.items
            if self._repeated > 4 * len(self._content) + _SLACK:
                raise pickle.UnpicklingError("it repeats its lists until they are far larger than the file")
        self._stack.append(value)

    def _put(self, index: int) -> None:
        if index > 2 * len(self._memo) + _SLACK:
            raise pickle.UnpicklingError(f"it numbers what it holds {index:,}, after {len(self._memo):,} things")
        self._memo[index] = self._stack[-1]

    def _apply(self, name: str) -> None:
        """Do what an opcode does to the stack."""
        stack = self._stack
        if name == "MARK":
            self._marks.append(len(stack))
        elif name in ("APPENDS", "SETITEMS", "ADDITEMS"):
            self._fill(self._marked())
        elif name in _POPS:
            self._fill([stack.pop() for _ in range(_POPS[name])])
        elif name in ("LIST", "TUPLE", "DICT", "FROZENSET", "INST", "OBJ"):
            self._make(self._marked())
        elif name in _MAKES:
            self._make([stack.pop() for _ in range(_MAKES[name])])
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif name == "POP_MARK" or (name == "POP" and self._marks and self._marks[-1] == len(stack)):
            self._marked()
        elif name == "POP":
            stack.pop()
        elif name == "DUP":
            self._memo[-1] = stack[-1]
            self._get(-1)
        elif name not in ("PROTO", "READONLY_BUFFER"):
            raise ValueError(name)

    def _marked(self) -> list[_Value]:
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def _fill(self, values: list[_Value]) -> None:
        below = self._stack[-1]
        if below is not None:
            below.take(values)
        elif any(values):  # a class that is given a state
            self._make([self._stack.pop(), *values])

    def _make(self, values: list[_Value]) -> None:
        made = _Container()
        made.take(values)
        self._stack.append(made)
