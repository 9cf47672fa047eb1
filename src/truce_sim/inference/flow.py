"""Neural posterior estimation with flowjax: a normalising flow for settings, given summaries.

The flow is trained on draws from the prior and their simulations, and then gives the posterior for
any data set, not just one: so it can be tested on data sets whose truth is known
(`calibration.py`). Why this library: docs/inference.md.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.errors import InputError

Floats = NDArray[np.float64]

#: The flow: layers, knots of its splines on ±_RANGE, hidden units and layers of its networks.
_LAYERS, _KNOTS, _RANGE, _WIDTH, _DEPTH = 3, 5, 6.0, 64, 2
#: Training: the rate rises to _RATE and falls to 0 over about _STEPS steps of _BATCH draws, for at
#: least _LEAST_EPOCHS epochs; the flow that is best on the draws held out is kept.
_BATCH, _RATE, _STEPS, _LEAST_EPOCHS, _HELD_OUT = 512, 3e-3, 1500, 4, 0.1
#: For a flow trained further with summaries left out: steps, and the most draws.
_STEPS_AGAIN, _DRAWS_AGAIN = 400, 20_000
#: Networks this small are no faster on many threads, and on one they repeat exactly.
_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


@dataclass(frozen=True, eq=False)
class Flow:
    """A trained flow.

    Attributes:
        inner: the flow of flowjax.
        centre: (summaries,) mean of the training set.
        spread: (summaries,) its standard deviation; 1 where a summary never varies.
        low: (summaries,) least of the training set; values below are clipped to it.
        high: (summaries,) greatest, likewise.
        kept: (summaries,) 1; 0 for those that are left out.
        epochs: of training.
        loss: on the draws held out, in nats.
    """

    inner: Any
    centre: Floats
    spread: Floats
    low: Floats
    high: Floats
    kept: Floats
    epochs: int
    loss: float

    def sample(self, summaries: Floats, n: int, seed: int) -> Floats:
        """Return (n, data sets, settings) normal scores given (data sets, summaries)."""
        import jax.numpy as jnp
        import jax.random as jr

        condition = jnp.asarray(self._scaled(summaries), jnp.float32)
        return np.asarray(self.inner.sample(jr.key(seed), (n,), condition), np.float64)

    def _scaled(self, summaries: Floats) -> Floats:
        """Clip and standardise: a network knows nothing about values outside its training set."""
        inside = np.clip(np.atleast_2d(summaries), self.low, self.high)
        return np.asarray((inside - self.centre) / self.spread * self.kept, float)

    def without(self, columns: Sequence[int], scores: Floats, summaries: Floats, seed: int) -> Flow:
        """Train further, with some summaries left out.

        Args:
            columns: their numbers.
            scores: as in `train`.
            summaries: as in `train`.
            seed: of the order of draws.
        """
        kept = np.ones(summaries.shape[1])
        kept[list(columns)] = 0.0
        blind = replace(self, kept=kept)
        some = slice(_DRAWS_AGAIN)
        return blind._trained(scores[some], summaries[some], seed, _STEPS_AGAIN)

    def _trained(self, scores: Floats, summaries: Floats, seed: int, steps: int) -> Flow:
        import jax.numpy as jnp
        import jax.random as jr
        from flowjax.train import fit_to_data

        data = [jnp.asarray(x, jnp.float32) for x in (scores, self._scaled(summaries))]
        batch = min(_BATCH, max(len(scores) // 8, 1))
        of_epoch = max(int(len(scores) * (1 - _HELD_OUT)) // batch, 1)
        epochs = max(round(steps / of_epoch), _LEAST_EPOCHS)
        optimiser, loss = _tools(epochs * of_epoch)
        inner, losses = fit_to_data(
            jr.key(seed), self.inner, tuple(data), optimizer=optimiser, loss_fn=loss,
            max_epochs=epochs, max_patience=epochs, batch_size=batch, val_prop=_HELD_OUT,
            show_progress=False,
        )  # fmt: skip
        best = float(min(losses["val"]))
        return replace(self, inner=inner, epochs=len(losses["train"]), loss=best)


@cache
def _tools(steps: int) -> tuple[Any, Any]:
    """The optimiser for this many steps, and the loss; reusing the objects spares a compilation."""
    import optax
    from flowjax.train.losses import MaximumLikelihoodLoss

    return optax.adam(optax.cosine_onecycle_schedule(steps, _RATE)), MaximumLikelihoodLoss()


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
    os.environ.setdefault("XLA_FLAGS", _ONE_THREAD)
    import jax.random as jr

    centre, spread = summaries.mean(axis=0), summaries.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    start = _untrained(jr.key(seed), scores.shape[1], summaries.shape[1])
    ends = summaries.min(axis=0), summaries.max(axis=0)
    empty = Flow(start, centre, spread, *ends, np.ones(centre.size), 0, float("nan"))
    return empty._trained(scores, summaries, seed + 1, _STEPS)


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
