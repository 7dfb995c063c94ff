"""One training step: the mechanics that no model file repeats."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Final

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import BatchNorm1d, BatchNorm2d, BatchNorm3d, Module, SyncBatchNorm

from t2ibench.core.errors import RunFailedError, require_known
from t2ibench.core.interfaces import HasSchedule, Trainable
from t2ibench.core.machine.arithmetic import PRECISIONS
from t2ibench.core.noise import Noise, seed_of
from t2ibench.core.storage.named_tensors import state_of_networks, under
from t2ibench.core.types import TrainBatch, Update
from t2ibench.training.engine.compilation import compile_networks, faults_explained
from t2ibench.training.engine.ema import EMA
from t2ibench.training.engine.losses import LossLog
from t2ibench.training.engine.processes import ALONE, Processes

BATCH_NORMALISATIONS: Final = (BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm)
_AVERAGED: Final = "ema/"


class Engine:
    """A model with its optimisers and averages on a device.

    Owns devices, precision, zero_grad, backward, clipping, learning rates, averaging; the model owns losses and order.

    Attributes:
        model: what is trained.
        device: where.
        losses: the losses since the last flush.

    Args:
        model: what is trained.
        seed: of its noise and dropout.
        device: where.
        precision: one of PRECISIONS.
        compiled: whether torch.compile makes the kernels of the networks in training.
        steps_per_epoch: for schedules; name of the phase -> steps where the phases differ.
        processes: that train together, each on its rows of a batch. BatchNorm takes the statistics of these rows, and
            its running ones are averaged over the processes; every other buffer is the first process's.
    """

    def __init__(
        self,
        model: Trainable,
        *,
        seed: int,
        device: torch.device,
        precision: str = "32-true",
        compiled: bool = False,
        steps_per_epoch: int | Mapping[str, int] = 1,
        processes: Processes = ALONE,
    ) -> None:
        require_known("precision", PRECISIONS, precision)
        self.model = model
        self.losses = LossLog(processes.mean)
        self._processes = processes
        self._seed = seed
        self._noise = Noise(seed)
        self._steps_per_epoch = steps_per_epoch
        where: Any = 1 if device.index is None else [device.index]
        self._fabric = Fabric(accelerator=device.type, devices=where, precision=precision)
        self._fabric.launch()
        self.device: torch.device = self._fabric.device
        self._networks = dict(model.networks())
        # channels_last: convolutions on CPUs and tensor cores are up to twice as fast in this layout, also backwards.
        for network in self._networks.values():
            self._fabric.to_device(network).to(memory_format=torch.channels_last)
        for network in model.frozen_networks().values():
            self._fabric.to_device(network).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self._statistics, self._other_buffers = _buffers(self._networks.values())
        parameters = [p for network in self._networks.values() for p in network.parameters()]
        processes.equalise([*parameters, *self._statistics, *self._other_buffers])
        self._optimizers = {
            name: self._fabric.setup_optimizers(optimizer) for name, optimizer in model.optimizers().items()
        }
        self._parameters = {
            name: [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
            for name, optimizer in self._optimizers.items()
        }
        self._compiled = compiled
        if compiled:
            compile_networks(self._networks)
        self.ema = EMA(self._networks, model.ema())
        self._set_training()

    def step(self, batch: TrainBatch, step: int, *, phase_start: int = 0) -> None:
        """Train on one batch. The outcome depends on the weights, the seed, the batch and the steps alone.

        Args:
            batch: what to learn from.
            step: counted from 0.
            phase_start: first step of the batch's phase; schedules of learning rates count from it.

        Raises:
            NotFiniteError: a loss is not finite.
            UserError: compiled networks are asked for gradients of gradients.
            RunFailedError: a compiler is missing.
        """
        with faults_explained() if self._compiled else nullcontext():
            self._step(batch, step, phase_start)

    def _step(self, batch: TrainBatch, step: int, phase_start: int) -> None:
        # Dropout draws from the global generator: seeding it by the step makes a resumed run need no generator state.
        rank = () if self._processes.count == 1 else ("process", self._processes.rank)
        torch.manual_seed(seed_of(self._seed, "step", step, *rank))
        if isinstance(self.model, HasSchedule):
            epoch = self._steps_per_epoch
            in_epoch = epoch if isinstance(epoch, int) else epoch[batch.phase]
            self._set_learning_rates(self.model.learning_rates(step - phase_start, in_epoch))
        noise = self._noise.bind_step(step, len(batch.captions), self.device, share=self._processes.share)
        updates = iter(self.model.updates(self._moved(batch), noise))
        while True:
            with self._fabric.autocast():
                update = next(updates, None)  # the model goes on here, after the optimiser has stepped
            if update is None:
                break
            self._apply(update, step)
        # So a checkpoint is the state of all. Only running statistics have a mean: that of two remembered boxes
        # is neither of them.
        self._processes.average(self._statistics)
        self._processes.equalise(self._other_buffers)
        self.ema.update()

    def _apply(self, update: Update, step: int) -> None:
        require_known("optimiser of this model", self._optimizers, update.optimizer)
        optimizer, parameters = self._optimizers[update.optimizer], self._parameters[update.optimizer]
        self.losses.add(step, update.optimizer, update.loss, update.parts)
        optimizer.zero_grad(set_to_none=True)
        # `inputs` spares the gradients of the other networks' weights, which this optimiser would not use: a generator
        # step needs none for the discriminators.
        self._fabric.backward(update.loss, inputs=parameters)
        self._processes.average([p.grad for p in parameters if p.grad is not None])
        if update.clip_norm is not None:
            clipped = list(update.clip_parameters) or parameters
            for together in [[tensor] for tensor in clipped] if update.clip_each else [clipped]:
                torch.nn.utils.clip_grad_norm_(together, update.clip_norm)
        optimizer.step()

    def _moved(self, batch: TrainBatch) -> TrainBatch:
        if self._processes.count > 1:
            batch = dataclasses.replace(batch, together=self._processes.together)
        parts = ("images", "class_ids", "wrong_images", "boxes", "keypoints")
        moved = self._fabric.to_device({name: getattr(batch, name) for name in parts})
        return dataclasses.replace(batch, **moved)

    def _set_learning_rates(self, rates: Mapping[str, float]) -> None:
        for name, rate in rates.items():
            for group in self._optimizers[name].param_groups:
                group["lr"] = rate

    def _set_training(self) -> None:
        for network in self._networks.values():
            network.train()

    @contextmanager
    def ema_weights(self) -> Iterator[None]:
        """Put the averaged weights and eval mode into the networks for a block, without gradients."""
        for network in self._networks.values():
            network.eval()
        try:
            with (
                self.ema.in_place(),
                torch.no_grad(),
                # Compiled networks run as they are written: for a few images a new kernel would not pay.
                torch.compiler.set_stance("force_eager") if self._compiled else nullcontext(),
            ):
                yield
        finally:
            self._set_training()

    def weights(self) -> dict[str, Tensor]:
        """Return "<network>/<state key>" and "ema/<network>/<parameter>" -> tensor: all that learns."""
        return state_of_networks(self._networks) | {
            f"{_AVERAGED}{name}": value for name, value in self.ema.state().items()
        }

    def optimizer_states(self) -> dict[str, Any]:
        """Return optimiser name -> its state."""
        return {name: optimizer.optimizer.state_dict() for name, optimizer in self._optimizers.items()}

    def load(self, weights: Mapping[str, Tensor], optimizer_states: Mapping[str, Any]) -> None:
        """Take over what `weights()` and `optimizer_states()` returned once.

        Raises:
            RunFailedError: names or shapes differ from the model's.
        """
        try:
            for name, network in self._networks.items():
                network.load_state_dict(under(f"{name}/", weights))
            self.ema.load(under(_AVERAGED, weights))
            for name, optimizer in self._optimizers.items():
                optimizer.optimizer.load_state_dict(optimizer_states[name])
                _lay_out(optimizer.optimizer)
        except (RuntimeError, KeyError, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
            raise RunFailedError(
                f"The checkpoint does not fit the model: {reason}. The plug-in was changed since; delete the run's "
                "folder to train anew."
            ) from error

    def exported(self) -> dict[str, Tensor]:
        """Return "<network>/<state key>" -> tensor of the plug-in's `exported()` networks, averaged where averaged."""
        averaged = self.ema.by_parameter()
        tensors: dict[str, Tensor] = {}
        for name, network in self.model.exported().items():  # type: ignore[attr-defined]  # of PluginClass
            tensors |= {f"{name}/{key}": value for key, value in network.state_dict().items()}
            for key, parameter in network.named_parameters(remove_duplicate=False):
                if id(parameter) in averaged:
                    tensors[f"{name}/{key}"] = averaged[id(parameter)]
        return tensors


def _buffers(networks: Iterable[Module]) -> tuple[list[Tensor], list[Tensor]]:
    """Return the running means and variances of batch normalisations, and all other buffers but flags, each once."""
    statistics: dict[int, Tensor] = {}
    others: dict[int, Tensor] = {}
    for module in (module for network in networks for module in network.modules()):
        normalises = isinstance(module, BATCH_NORMALISATIONS)
        for buffer in module.buffers(recurse=False):
            if normalises and buffer.is_floating_point():
                statistics[id(buffer)] = buffer
            elif not normalises and buffer.dtype != torch.bool:  # gloo knows no bool
                others[id(buffer)] = buffer
    return list(statistics.values()), list(others.values())


def _lay_out(optimizer: torch.optim.Optimizer) -> None:
    """Give the optimiser's moments the memory layout of their parameters: fused kernels read both in memory's order."""
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape and value.stride() != parameter.stride():
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
