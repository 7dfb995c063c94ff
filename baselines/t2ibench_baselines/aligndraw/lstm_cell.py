"""The LSTM of alignDRAW: one bias a gate, no peepholes."""

from __future__ import annotations

from torch import Tensor, nn

State = tuple[Tensor, Tensor]
"""Hidden state and cell, N x H each."""


def advance(gates: Tensor, cell: Tensor) -> State:
    """Return the next state from gate pre-activations N x 4H, in the order input, forget, candidate, output."""
    entered, kept, candidate, shown = gates.chunk(4, dim=1)
    cell = kept.sigmoid() * cell + entered.sigmoid() * candidate.tanh()
    return shown.sigmoid() * cell.tanh(), cell


class LSTMCell(nn.Module):
    """A step of an LSTM. torch's own has two biases, which add up to one."""

    def __init__(self, inputs: int, features: int) -> None:
        super().__init__()
        self.inputs = nn.Linear(inputs, 4 * features)
        self.recurrent = nn.Linear(features, 4 * features, bias=False)

    def forward(self, inputs: Tensor, state: State) -> State:
        """Return the next hidden state and cell, N x features each."""
        hidden, cell = state
        return advance(self.inputs(inputs) + self.recurrent(hidden), cell)
