"""The model: gradient-boosted trees over all products and stores of a retailer, or means where little is known. Pure.

It says how much is sold in four weeks. Trained with one thread and a fixed seed, so the same sales give the same
forecasts; written down as text, so that a night's work that was interrupted goes on with the same model. Why this one:
docs/decisions/0021-forecasting.md.
"""

import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from warehouse.demand import spread
from warehouse.demand.features import Known
from warehouse.demand.weekly import HORIZON_WEEKS, Floats, Integers

if TYPE_CHECKING:
    from lightgbm import Booster

# Fewer teach trees nothing that a mean does not say.
ROWS_MIN = 2_000
# More make it slower and no better; measured.
ROWS_MAX = 240_000
# Every so manyth product is kept out of the training, to end it in time and to measure what remains unsaid.
HELD_OUT_EVERY = 5
# Spreads products that are numbered in a row (Knuth's multiplicative hash).
HASH, HASH_BITS = 2_654_435_761, 32
PARAMETERS = {
    # Mostly nothing is sold, and sometimes much: between Poisson (1) and gamma (2).
    "objective": "tweedie",
    "tweedie_variance_power": 1.3,
    "metric": "tweedie",
    "learning_rate": 0.08,
    "num_leaves": 31,
    "lambda_l2": 1.0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "verbose": -1,
}
ROUNDS_MAX, PATIENCE = 300, 15
LEAF_ROWS_MIN, LEAF_ROWS_MAX, LEAF_PART = 20, 100, 500
# Trees correct the simple mean by a factor, so that they need not learn what large is; nothing is a hundred times it.
CORRECTION_MAX = 4.6
# Of so many units in four weeks, half of the correction is believed: what sells a lot says enough itself.
MEAN_TRUSTED = 10.0
# Four weeks' units of a product that hardly sells.
MEAN_MIN = 0.02
# What forecasts of products held out may be off in all; more is chance in a small shop.
SCALE_MIN, SCALE_MAX = 0.8, 1.25
# So many weeks of the store's share of what all stores sell count like own weeks.
PRIOR_WEEKS = 2.0


class Learnt(NamedTuple):
    """What was learnt of a retailer: trees as text ("" for means), a factor, and dispersions by size."""

    trees: str
    scale: float
    dispersions: tuple[float, ...]

    def written(self) -> str:
        """As one text."""
        return json.dumps(self._asdict(), separators=(",", ":"))


class Lesson(NamedTuple):
    """Rows of features with what was sold in the four weeks behind them."""

    products: Integers
    rows: npt.NDArray[np.float32]
    mean: Floats  # What the simple mean says.
    unit: Floats
    sold: Floats


def read_learnt(text: str) -> Learnt:
    """What was written."""
    found = json.loads(text)
    return Learnt(found["trees"], found["scale"], tuple(found["dispersions"]))


def simple(known: Known) -> Floats:
    """Four weeks by the quarter's mean, drawn towards the store's share of what all stores sold."""
    quarter = 13.0
    return HORIZON_WEEKS * (quarter * known.window + PRIOR_WEEKS * known.prior) / (quarter + PRIOR_WEEKS)


def learn(lessons: list[Lesson]) -> Learnt:
    """Trains the model; means where there are too few rows. The order of lessons and rows counts, nothing else."""
    if not lessons:
        return Learnt("", 1.0, spread.USUAL)
    all_of = Lesson(*(np.concatenate(columns) for columns in zip(*lessons, strict=True)))
    if len(all_of.rows) < ROWS_MIN:
        return _by_means(all_of)
    is_held_out = _is_held_out(all_of.products)
    trees, said = _train(all_of, is_held_out)
    scale = _scale(said, all_of.sold[is_held_out])
    mean = said * scale
    return Learnt(trees, scale, spread.measured(mean, all_of.sold[is_held_out], all_of.unit[is_held_out]))


def four_weeks(learnt: Learnt, known: Known) -> Floats:
    """What each product of a store will sell in four weeks, without season or promotions."""
    if not learnt.trees:
        return simple(known) * learnt.scale
    if not len(known.rows):
        return np.zeros(0)
    import lightgbm

    return _said(lightgbm.Booster(model_str=learnt.trees), known.rows, simple(known)) * learnt.scale


def _by_means(lesson: Lesson) -> Learnt:
    scale = _scale(lesson.mean, lesson.sold)
    return Learnt("", scale, spread.measured(lesson.mean * scale, lesson.sold, lesson.unit))


def _train(lesson: Lesson, is_held_out: npt.NDArray[np.bool_]) -> tuple[str, Floats]:
    """The trees, and what they say of the rows held out."""
    import lightgbm

    leaf = int(np.clip(len(lesson.rows) // LEAF_PART, LEAF_ROWS_MIN, LEAF_ROWS_MAX))
    start = _logs(lesson.mean)
    taught, held = (
        lightgbm.Dataset(lesson.rows[chosen], lesson.sold[chosen], init_score=start[chosen])
        for chosen in (~is_held_out, is_held_out)
    )
    held.reference = taught
    trees = lightgbm.train(
        {**PARAMETERS, "min_data_in_leaf": leaf},
        taught,
        ROUNDS_MAX,
        valid_sets=[held],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    said = _said(trees, lesson.rows[is_held_out], lesson.mean[is_held_out])
    return trees.model_to_string(num_iteration=trees.best_iteration), said


def _said(trees: "Booster", rows: npt.NDArray[np.float32], mean: Floats) -> Floats:
    raw = np.asarray(trees.predict(rows, raw_score=True, num_threads=1), dtype=np.float64)
    raw = np.clip(raw, -CORRECTION_MAX, CORRECTION_MAX) * (MEAN_TRUSTED / (MEAN_TRUSTED + mean))
    found: Floats = np.exp(raw + _logs(mean))
    return found


def _logs(mean: Floats) -> Floats:
    return np.log(np.maximum(mean, MEAN_MIN))


def _is_held_out(products: Integers) -> npt.NDArray[np.bool_]:
    mixed = (products.astype(np.uint64) * np.uint64(HASH)) >> np.uint64(HASH_BITS)
    found: npt.NDArray[np.bool_] = mixed % np.uint64(HELD_OUT_EVERY) == 0
    return found


def _scale(said: Floats, sold: Floats) -> float:
    return float(np.clip(sold.sum() / max(said.sum(), 1e-9), SCALE_MIN, SCALE_MAX)) if len(said) else 1.0
