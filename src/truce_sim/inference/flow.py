"""Neural posterior estimation with flowjax: a normalising flow for settings, given summaries.

The flow is trained on draws from the prior and their simulations, and then is the posterior of any
data set, not of one: so it can be tested on data sets of which the truth is known
(`calibration.py`). Why this library: docs/inference.md.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.errors import InputError

Floats = NDArray[np.float64]

#: The flow: layers, knots of its splines on ±_RANGE, hidden units and layers of its networks.
_LAYERS, _KNOTS, _RANGE, _WIDTH, _DEPTH = 5, 8, 6.0, 64, 2
#: Training: steps are of _BATCH draws; it ends _PATIENCE epochs after the best.
_BATCH, _RATE, _EPOCHS, _PATIENCE, _HELD_OUT = 512, 1e-3, 200, 10, 0.1


@dataclass(frozen=True, eq=False)
class Flow:
    """A trained flow.

    Attributes:
        inner: of flowjax.
        centre: (summaries,) mean of the training set.
        spread: (summaries,) its deviation; 1 where a summary never varies.
        low: (summaries,) least of the training set; what lies below is read as this.
        high: (summaries,) greatest.
        epochs: of training.
        loss: on the draws held out, in nats.
    """

    inner: Any
    centre: Floats
    spread: Floats
    low: Floats
    high: Floats
    epochs: int
    loss: float

    def sample(self, summaries: Floats, n: int, seed: int) -> Floats:
        """Return (n, data sets, settings) normal scores given (data sets, summaries)."""
        import jax.numpy as jnp
        import jax.random as jr

        condition = jnp.asarray(self._scaled(summaries), jnp.float32)
        return np.asarray(self.inner.sample(jr.key(seed), (n,), condition), np.float64)

    def _scaled(self, summaries: Floats) -> Floats:
        """Standardise; a network knows nothing of what lies outside its training set."""
        inside = np.clip(np.atleast_2d(summaries), self.low, self.high)
        return np.asarray((inside - self.centre) / self.spread, float)


def check_installed() -> None:
    """Raise InputError if the extra is not installed."""
    try:
        import flowjax  # noqa: F401
    except ImportError:
        raise InputError("needs flowjax, which is not installed", setting="fit",
                         allowed="pip install 'truce-sim[fit]'") from None  # fmt: skip


def train(scores: Floats, summaries: Floats, seed: int) -> Flow:
    """Train a flow.

    Args:
        scores: (draws, settings) normal scores of the settings.
        summaries: (draws, summaries) of their simulations.
        seed: of the start and of the order of draws.
    """
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax.numpy as jnp
    import jax.random as jr
    from flowjax.train import fit_to_data

    centre, spread = summaries.mean(axis=0), summaries.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    start, order = jr.split(jr.key(seed))
    inner, losses = fit_to_data(
        order, _untrained(start, scores.shape[1], summaries.shape[1]),
        (jnp.asarray(scores, jnp.float32), jnp.asarray((summaries - centre) / spread, jnp.float32)),
        learning_rate=_RATE, max_epochs=_EPOCHS, max_patience=_PATIENCE, batch_size=_BATCH,
        val_prop=_HELD_OUT, show_progress=False,
    )  # fmt: skip
    ends = summaries.min(axis=0), summaries.max(axis=0)
    return Flow(inner, centre, spread, *ends, len(losses["train"]), float(min(losses["val"])))


def _untrained(key: Any, settings: int, summaries: int) -> Any:
    import jax.numpy as jnp
    from flowjax.bijections import RationalQuadraticSpline
    from flowjax.distributions import Normal
    from flowjax.flows import coupling_flow, masked_autoregressive_flow

    flow = coupling_flow if settings > 1 else masked_autoregressive_flow  # one cannot be halved
    return flow(
        key, base_dist=Normal(jnp.zeros(settings)), cond_dim=summaries,
        transformer=RationalQuadraticSpline(knots=_KNOTS, interval=_RANGE),
        flow_layers=_LAYERS if settings > 1 else 2, nn_width=_WIDTH, nn_depth=_DEPTH,
    )  # fmt: skip
