"""Small extractors with known answers; as a script, the command line with them and the stub plug-ins."""

import os
import signal
from typing import ClassVar

import filelock
import torch

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.registry import registry
from t2ibench.core.storage import claims
from t2ibench.features.context import find_weights
from t2ibench.models.folder import load_encoder, read_model_folder
from t2ibench.testing.squares import COLOURS
from tests.stub_run import BENCHMARKS, register

TABLES = """
[features.colours]
plugin = "colours"
[features.brought]
plugin = "colours"
file = "brought.bin"
url = "https://example.org/brought.bin"
[features.oracle]
plugin = "oracle"
[features.judge]
plugin = "stub-encoder"
[features.likelihood]
plugin = "likelihood"
options = { of = "60 x 60 grey", draws = 2 }
[features.pixels]
plugin = "pixels"
options = { size = 16 }
[metrics.ssi]
metric = "structural_similarity"
features = "pixels"
[metrics.bound]
metric = "likelihood_bound"
features = "likelihood"
[metrics.is]
metric = "inception_score"
features = "colours"
options = { splits = 2 }
[metrics.fid]
metric = "fid"
features = "colours"
[metrics.fid-brought]
metric = "fid"
features = "brought"
[metrics.joint]
metric = "fjd"
features = "oracle"
[metrics.near]
metric = "training_distance"
features = "colours"
[metrics.vary]
metric = "caption_diversity"
features = "colours"
[metrics.r]
metric = "r_precision"
features = "oracle"
[metrics.r-judge]
metric = "r_precision"
features = "judge"
[metrics.r-deaf]
metric = "r_precision"
features = "colours"
"""
PROTOCOL = """
split = "train"
resolution = 16
negatives = 9
exclude = "image"
metrics = ["is", "fid", "r"]
controls = ["ground-truth", "real-train", "shuffled-captions", "noise", "untrained"]
"""
SQUARES = 'adapter = "squares"\nprotocol = "p"\n'
CONFIG = (
    BENCHMARKS.replace("metrics = []\n", PROTOCOL).replace(SQUARES, SQUARES + "options = { images = 64 }\n") + TABLES
)


class Colours:
    """Mean colours of an image's quarters. It counts how often it is opened and what it sees."""

    layers: ClassVar = {"pool": 12, "logits": 3}
    opened = 0
    seen = 0

    def __init__(self, identity):
        self.identity = identity

    @classmethod
    def peek(cls, context):
        weights = find_weights(context).sha256 if context.entry.file else "none"
        return FeatureIdentity(cls.__name__.lower(), 1, weights, "as they are", "[0, 1]", "stand-in")

    @classmethod
    def open(cls, context):
        cls.opened += 1
        return cls(cls.peek(context))

    def extract(self, pixels):
        type(self).seen += len(pixels)
        pool = torch.nn.functional.adaptive_avg_pool2d(pixels.float() / 255, 2).flatten(1)
        return {"pool": pool, "logits": 5 * pool.view(len(pixels), 3, 4).mean(2)}


class Oracle(Colours):
    """A judge that knows squares: an image's code is its strongest colour, a caption's the one it names."""

    layers: ClassVar = {"image": 4}

    def extract(self, pixels):
        named = torch.tensor(list(COLOURS.values())).float()
        middle = pixels[:, :, 5:9, 5:9].float().mean((2, 3))
        return {"image": torch.nn.functional.one_hot(torch.cdist(middle, named).argmin(1), 4).float()}

    def read(self, captions):
        return torch.tensor([[float(colour in caption.text.split()) for colour in COLOURS] for caption in captions])


class Judge:
    """The trained stub encoder of the data set."""

    layers: ClassVar = {"image": 6}

    def __init__(self, encoder, identity):
        self.encoder, self.identity = encoder, identity

    @classmethod
    def peek(cls, context):
        weights = read_model_folder(context.encoder).identity
        return FeatureIdentity("judge", 1, weights, "as they are", "[-1, 1]", "stand-in")

    @classmethod
    def open(cls, context):
        return cls(load_encoder(context.encoder).encoder, cls.peek(context))

    def extract(self, pixels):
        with torch.no_grad():
            return {"image": self.encoder.colours((pixels.float() / 127.5 - 1).mean((2, 3)))}

    def read(self, captions):
        with torch.no_grad():
            return self.encoder.sentences(captions)


def register_all():
    register()
    for name, value in (("colours", Colours), ("oracle", Oracle), ("stub-encoder", Judge)):
        if name not in registry("features"):
            registry("features").add(name, value)


def write_config(folder, change=lambda text: text):
    path = folder / "benchmarks.toml"
    path.write_text(change(CONFIG))
    return path


def stop_myself(name, after):
    """Kill or freeze this process when it has made `after` chunks and begins the next one."""
    from t2ibench.evaluation.measuring import collect

    compute, done = collect._compute, []

    def stops(*given):
        if len(done) == after:
            os.kill(os.getpid(), getattr(signal, name))
        done.append(given)
        return compute(*given)

    collect._compute = stops


class NoLock:
    """A lock of a file system that does not keep its promise."""

    def __init__(self, *_, **__):
        self.acquire = self.release = self.__exit__ = self.__enter__ = lambda *_, **__: None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


if __name__ in ("__main__", "__mp_main__"):  # the second is a worker that another process started
    filelock.FileLock = NoLock
    torch.set_num_threads(1)
    register_all()
    if "STUBS_STOP" in os.environ:
        stop_myself(os.environ["STUBS_STOP"], after=1)
    if "STUBS_SILENCE" in os.environ:
        claims.SILENCE = float(os.environ["STUBS_SILENCE"])
        claims.RENEWAL = claims.SILENCE / 10
if __name__ == "__main__":
    from t2ibench.cli import main

    main()
