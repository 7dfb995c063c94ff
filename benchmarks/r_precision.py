"""R-precision with every caption encoded once, against encoding 100 captions an image as the official code does.

    python benchmarks/r_precision.py                  # 3,000 images; the official way is timed on 100 of them
    python benchmarks/r_precision.py --images 200 --official 20

Captions speak of birds, the judge's text encoder is a DAMSM's of the official sizes (embedding 300, bidirectional LSTM
of 256) with random weights, and the images' codes are those of their own captions with noise, so that some are hits
and some are not. What is timed begins after the images' codes: for ours choosing the negatives, encoding the
captions, ranking and the interval, for the official way encoding and ranking alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from t2ibench.core.types import Caption
    from t2ibench.data.manifest import Manifest

NEGATIVES = 99
CLASSES = 50
CAPTIONS_AN_IMAGE = 10
TARGET = 1 / 20
NOISE = 3.0


def main() -> None:
    """Time both, compare their hits, print whether the targets are met."""
    import numpy as np

    from t2ibench.core.interfaces import MetricInput
    from t2ibench.core.spec.benchmarks import ProtocolEntry
    from t2ibench.evaluation.images.negatives import choose_negatives
    from t2ibench.evaluation.images.plan import make_plan
    from t2ibench.metrics.alignment.r_precision import RPrecision, retrieval_hits

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--official", type=int, default=100, help="images on which the official way is timed")
    arguments = parser.parse_args()
    count, some = arguments.images, min(arguments.official, arguments.images)
    manifest = drawn_manifest(images=-(-count // CAPTIONS_AN_IMAGE))
    captions = manifest.captions("test")
    protocol = ProtocolEntry(negatives=NEGATIVES, metrics=())
    plan = make_plan(manifest, protocol, samples=count)
    encoder = text_encoder(captions)
    queries, _ = choose_negatives(plan, manifest, protocol)
    generator = np.random.default_rng(0)
    codes = encode(encoder, captions)
    noise = NOISE * codes.std(axis=0) * generator.normal(size=(count, codes.shape[1]))
    images = (codes[queries] + noise).astype(np.float32)

    began = time.perf_counter()
    queries, negatives = choose_negatives(plan, manifest, protocol)
    ours = encode(encoder, captions)
    given = MetricInput(
        {"image": images},
        caption_codes=ours,
        queries=queries,
        negatives=negatives,
        groups=queries // CAPTIONS_AN_IMAGE,
    )
    estimate = RPrecision().estimate(given)
    once = time.perf_counter() - began
    hits = retrieval_hits(images[:some], ours, queries[:some], negatives[:some]) == 1

    began = time.perf_counter()
    official = official_hits(encoder, captions, images[:some], queries[:some], negatives[:some])
    again = (time.perf_counter() - began) * count / some

    print(f"{count:,} images, {NEGATIVES} negatives each, {len(captions):,} captions")
    print(f"R-precision {estimate.value:.2f} % {estimate.interval}")
    print(f"captions once:            {once:8.2f} s")
    print(f"100 captions an image:   {again:8.2f} s (from {some:,} images)")
    share = once / again
    same = int((hits == official).sum())
    for met, text in (
        (share <= TARGET, f"{share:.4f} of the time, at most {TARGET:.4f}"),
        (same == some, f"{same:,} of {some:,} hits are the same"),
        (0 < int(official.sum()) < some, f"{int(official.sum()):,} hits among them: neither none nor all"),
    ):
        print(f"{'met    ' if met else 'NOT MET'}  {text}")


def drawn_manifest(images: int) -> Manifest:
    """Return a data set of as many images, 10 captions each, 50 classes, without images: only captions are read."""
    import random

    from t2ibench.data.manifest import ImageEntry, Manifest

    colours = ["red", "blue", "green", "yellow", "black", "white", "brown", "grey", "orange", "pink", "violet", "tan"]
    parts = ["head", "wing", "belly", "back", "tail", "crown", "throat", "breast", "bill", "nape", "eye", "leg"]
    sizes = ["small", "large", "tiny", "plump", "slender", "long", "short"]
    chance = random.Random(0)

    def caption() -> str:
        named = chance.sample(parts, chance.randint(2, 5))
        phrases = [f"a {chance.choice(sizes)} {chance.choice(colours)} {part}" for part in named]
        return f"a {chance.choice(sizes)} {chance.choice(colours)} bird with {', '.join(phrases)}"

    entries = tuple(
        ImageEntry(
            f"{image}",
            f"{image}.png",
            "test",
            image % CLASSES,
            None,
            tuple(caption() for _ in range(CAPTIONS_AN_IMAGE)),
            0,
            f"{image:064x}",
        )
        for image in range(images)
    )
    return Manifest("speed", Path(), entries, ("<end>",), "built")


def text_encoder(captions: Sequence[Caption]) -> Any:
    """Return DAMSM's text encoder in its official sizes, with random weights, and the vocabulary it reads with."""
    import torch

    from t2ibench.text.damsm.text_encoder import TextEncoder
    from t2ibench.text.tokenizer import tokenize

    words = ["<end>", *sorted({word for caption in captions for word in tokenize(caption.text)})]
    torch.manual_seed(0)
    return TextEncoder(len(words)).eval(), {word: index for index, word in enumerate(words)}


def encode(encoder: Any, captions: Sequence[Caption]) -> np.ndarray:
    """Return float32 M x 256, sentence codes; 64 captions at a time, as the judge reads them."""
    import numpy as np
    import torch

    from t2ibench.text.tokenizer import tokenize

    network, index_of = encoder
    codes = []
    with torch.no_grad():
        for start in range(0, len(captions), 64):
            rows = [[index_of[word] for word in tokenize(one.text)] for one in captions[start : start + 64]]
            lengths = torch.tensor([len(row) for row in rows])
            tokens = torch.zeros(len(rows), int(lengths.max()), dtype=torch.int64)
            for row, found in enumerate(rows):
                tokens[row, : len(found)] = torch.tensor(found)
            codes.append(network(tokens, lengths)[1].numpy())
    return np.concatenate(codes)


def official_hits(
    encoder: Any, captions: Sequence[Caption], images: np.ndarray, queries: np.ndarray, negatives: np.ndarray
) -> np.ndarray:
    """Return bool N: for every image its caption and its 99 others are encoded, and the cosines compared."""
    import numpy as np
    import torch

    hits = []
    for image, query, others in zip(images, queries, negatives, strict=True):
        chosen = [captions[query], *(captions[other] for other in others)]
        codes = torch.from_numpy(np.concatenate([encode(encoder, chosen[:1]), encode(encoder, chosen[1:])]))
        scores = torch.nn.functional.cosine_similarity(torch.from_numpy(image)[None], codes)
        hits.append(int(scores.argmax()) == 0)
    return np.array(hits)


if __name__ == "__main__":
    main()
