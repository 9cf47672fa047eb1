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
from typing import Any, NamedTuple

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
        start = self.inner.base_dist.sample(jr.key(seed), (n, len(condition)))
        return np.asarray(_programs().transform(self.inner.bijection, start, condition), np.float64)

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
        import equinox as eqx
        import jax.numpy as jnp
        import jax.random as jr

        do = _programs()
        batch = min(_BATCH, max(len(scores) // 8, 1))
        of_epoch = max(int(len(scores) * (1 - _HELD_OUT)) // batch, 1)
        epochs = max(round(steps / of_epoch), _LEAST_EPOCHS)
        key, first = jr.split(jr.key(seed))
        data = [jr.permutation(first, jnp.asarray(x, jnp.float32))
                for x in (scores, self._scaled(summaries))]  # fmt: skip
        kept = len(scores) - round(_HELD_OUT * len(scores))
        parts = [[x[:kept] for x in data], [x[kept:] for x in data]]
        params, rest = eqx.partition(self.inner, eqx.is_inexact_array)
        state, best, losses = do.begin(params), params, list[float]()
        for rates in do.rates(epochs * of_epoch).reshape(epochs, of_epoch):
            params, state, key, parts, off = do.epoch(params, rest, state, key, parts, rates, batch)
            losses.append(float(sum(np.asarray(off)) / len(off)))
            if losses[-1] == min(losses):
                best = params
        return replace(self, inner=eqx.combine(best, rest), epochs=epochs, loss=min(losses))


class _Programs(NamedTuple):
    """What is compiled once for all flows of a shape.

    The loop of flowjax (`fit_to_data`) gives the same numbers, but compiles anew for each flow and
    after each epoch: a third of the time of a fit.

    Attributes:
        begin: parameters -> the state of the optimiser.
        rates: steps -> the rate of each, negative, since it is added.
        epoch: one pass over the data, in a new order: parameters, the rest of the flow, state, key,
            data to train on and data held out, rates, size of a batch -> parameters, state, key,
            data, losses on batches of the data held out.
        transform: a bijection, (n, data sets, settings) draws from the base, conditions -> draws.
    """

    begin: Any
    rates: Any
    epoch: Any
    transform: Any


@cache
def _programs() -> _Programs:
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import jax.random as jr
    import optax
    from flowjax.train.losses import MaximumLikelihoodLoss

    adam, loss = optax.scale_by_adam(), MaximumLikelihoodLoss()

    def rates(steps: int) -> Any:
        rate = optax.cosine_onecycle_schedule(steps, _RATE)
        return jax.lax.map(lambda step: -1 * rate(step), jnp.arange(steps))

    @eqx.filter_jit
    def epoch(
        params: Any, rest: Any, state: Any, key: Any, parts: Any, rates: Any, batch: int
    ) -> tuple[Any, ...]:
        def step(begun: Any, given: Any) -> Any:
            params, state = begun
            rate, *data = given
            slopes = eqx.filter_grad(loss)(params, rest, *data)
            updates, state = adam.update(slopes, state, params)
            updates = jax.tree.map(lambda x: rate * x, updates)
            return (eqx.apply_updates(params, updates), state), None

        key, *orders = jr.split(key, 3)
        parts = [[jr.permutation(order, x) for x in part]
                 for order, part in zip(orders, parts, strict=True)]  # fmt: skip
        training, held_out = ([_batches(x, batch) for x in part] for part in parts)
        for_each = len(training[0]) + len(held_out[0])  # as flowjax's own loop spends its keys
        key = jax.lax.fori_loop(0, for_each, lambda _, key: jr.split(key)[0], key)
        (params, state), _ = jax.lax.scan(step, (params, state), (rates, *training))
        off = jax.lax.map(lambda data: loss(params, rest, *data), held_out)
        return params, state, key, parts, off

    @eqx.filter_jit
    def transform(bijection: Any, start: Any, condition: Any) -> Any:
        return jnp.vectorize(bijection.transform, signature="(s),(c)->(s)")(start, condition)

    return _Programs(adam.init, rates, epoch, transform)


def _batches(data: Any, size: int) -> Any:
    """Cut (n, ...) into (batches, size, ...); what is left over is dropped."""
    size = min(size, len(data))
    return data[: len(data) // size * size].reshape(-1, size, *data.shape[1:])


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


#: (settings, summaries) -> all of such a flow but its numbers: one for all flows, so that what is
#: compiled for one serves the next.
_SHAPES: dict[tuple[int, int], Any] = {}


def _untrained(key: Any, settings: int, summaries: int) -> Any:
    import equinox as eqx
    import jax.numpy as jnp
    from flowjax.bijections import RationalQuadraticSpline
    from flowjax.distributions import Normal
    from flowjax.flows import coupling_flow, masked_autoregressive_flow

    flow = coupling_flow if settings > 1 else masked_autoregressive_flow  # one cannot be halved
    made = flow(
        key, base_dist=Normal(jnp.zeros(settings)), cond_dim=summaries,
        transformer=RationalQuadraticSpline(knots=_KNOTS, interval=_RANGE),
        flow_layers=_LAYERS if settings > 1 else 2, nn_width=_WIDTH, nn_depth=_DEPTH,
    )  # fmt: skip
    numbers, shape = eqx.partition(made, eqx.is_array)
    return eqx.combine(numbers, _SHAPES.setdefault((settings, summaries), shape))
