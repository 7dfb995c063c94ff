"""Records of a component analysis as `t2ibench bench` leaves them: variants by their labels, two numbers of steps."""

from __future__ import annotations

from t2ibench.core.files import digest_of
from t2ibench.core.records import ResultRecord
from t2ibench.core.types import Origin
from tests.reports.sample_results import CONTROLS, FID, IS, R, plan, record, source

VALUES = {
    "attngan1-no-damsm": (3.1, 60.25, 2.0),
    "attngan1-lambda-1": (3.4, 58.5, 20.0),
    "attngan1-lambda-10": (3.3, 59.0, 44.0),
    "": (3.9, 41.125, 38.0),
}


def variant_records(*, dataset: str = "simbirds", steps: tuple[int, ...] = (500, 1000)) -> list[ResultRecord]:
    """Return 4 variants of AttnGAN at each number of steps, and the controls; IS and R rise with the steps."""
    asked = plan(dataset)
    found = []
    for age, count in enumerate(steps):
        for variant, (score, distance, precision) in VALUES.items():
            name = f"attngan:{variant}" if variant else "attngan"
            of = source(
                name,
                title=f"AttnGAN {variant}".strip(),
                variant=variant,
                identity=digest_of([name, count]),
                steps=count,
                trained_on=dataset,
                paper="Xu et al., CVPR 2018",
                notes=("Half of the steps.",) if age == 0 else (),
            )
            for metric, value, half in (
                (FID, distance - age, 1.5),
                (IS, score + age / 3, 0.1),
                (R, precision + age, 2),
            ):
                found.append(record(of, metric, value, half, asked, images=f"{digest_of([name, count])[:24]}.png"))
    for name, title, values in CONTROLS:
        of = source(name, Origin.CONTROL, title=title)
        for metric, value in zip((IS, FID, R), values, strict=True):
            found.append(record(of, metric, value, 0.2, asked))
    return found
