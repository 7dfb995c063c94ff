"""Copies between the CPU's memory and a device; CUDA's are watched on a stand-in, for no GPU is at hand."""

import contextlib

import torch

from t2ibench.core.machine.device import to_device, to_host


class Watched:
    """A tensor that writes down what is asked of it."""

    device = "cuda:1"

    def __init__(self, log, *, is_cuda):
        self.log, self.is_cuda = log, is_cuda

    def pin_memory(self):
        self.log.append("pin")
        return self

    def to(self, device, *, non_blocking=False):
        self.log.append((device, non_blocking))
        return Watched(self.log, is_cuda=device != "cpu")


def test_on_a_cpu_nothing_is_copied():
    images = torch.arange(6)
    assert to_device(images, "cpu") is images and to_host(images) is images
    assert to_device(images, "meta").device.type == "meta"


def test_copies_to_cuda_come_from_pinned_memory_and_are_not_waited_for():
    log = []
    assert to_device(Watched(log, is_cuda=False), "cuda:1").is_cuda
    assert log == ["pin", ("cuda:1", True)]


def test_copies_from_cuda_are_read_only_when_they_are_there(monkeypatch):
    log = []

    class Event:
        def record(self):
            log.append("record")

        def synchronize(self):
            log.append("wait")

    @contextlib.contextmanager
    def device(name):
        log.append(name)
        yield

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "device", device)
    assert not to_host(Watched(log, is_cuda=True)).is_cuda
    assert log == ["cuda:1", ("cpu", True), "record", "wait"]
