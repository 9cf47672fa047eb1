"""Nowcasts against exact answers: what is known by a day, what comes next, what a lever changes.

Every comparison allows five and a half standard errors of the simulation, as its interval states
them: it fails by chance less than once in 10^7, and none of the tests makes more than 20.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from theory.spec import LITERAL, NO_FRAILTY, Settings
from theory.test_clause import UNIT_VIOLATIONS, lomax
from truce_sim import InputError, nowcast
from truce_sim.config.load import to_plain, validate
from truce_sim.engine.run import NO_TURNS, TURN, outcomes
from truce_sim.errors import NoEffectWarning
from truce_sim.following import nowcast as following
from truce_sim.following import particles as filtering
from truce_sim.following.evidence import BACKGROUND, REPORTED
from truce_sim.following.particles import effective, systematic
from truce_sim.settings.nested import put
from truce_sim.settings.schema import Config
from truce_sim.simulation.spec import make_spec


def config(settings: Settings) -> Config:
    """The schema's defaults on six equal sectors, with these settings."""
    plain = to_plain(Config())
    plain["scenario"]["kind"] = "synthetic"
    plain["border"]["sectors"] = 6
    for path, value in settings.items():
        put(plain, path, value)
    return validate(plain)


def agree(row: pd.Series, name: str, exact: float) -> None:
    """Whether an estimate is within 5.5 standard errors of the exact value."""
    error = (row[f"{name}_high"] - row[f"{name}_low"]) / (2 * 1.96)
    assert error > 0
    assert abs(row[name] - exact) < 5.5 * error, (name, row[name], exact, error)


# ── exact answers ────────────────────────────────────────────────────────────────────────────


def test_survival_given_survival_is_lomax_and_a_lever_halves_the_hazard() -> None:
    """V13: hazard ν F, F gamma with mean 1. Of a truce that holds at the end of day s, the chance
    of holding to the end of day t is ((1 + CV² ν (t+1)) / (1 + CV² ν (s+1)))^(-1/CV²), and half of
    the added exposure counts if ν is halved from day s + 1 on."""
    cv, rate, s = 1.0, 0.05, 20
    settings = config(lomax(cv, rate))
    lever = {"militants.attempts_per_day": settings.militants.attempts_per_day / 2}
    found = nowcast(
        None, s, settings, posterior="none", particles=6000, futures=6000, ahead=60,
        what_if={"half": lever},
    )  # fmt: skip

    def beyond(exposure: float) -> float:
        known = 1 + cv**2 * rate * (s + 1)
        return float(((1 + cv**2 * rate * (s + 1 + exposure)) / known) ** (-1 / cv**2))

    for ahead in (1, 10, 30, 60):
        agree(found.survival.iloc[ahead - 1], "holds", beyond(ahead))
    half = found.what_if.iloc[0]
    agree(half, "holds", beyond(30))
    agree(half, "holds_more", beyond(30) - beyond(60))
    gained = sum(beyond(d / 2) - beyond(d) for d in range(1, 61))
    agree(half, "days_more", gained)
    assert found.effective > 2000
    assert found.causes["chance"].sum() == pytest.approx(1.0)


#: Each day with a violation brings a strike by the home state, and no number of them an end.
STRIKES: Settings = {
    **UNIT_VIOLATIONS, **LITERAL, **NO_FRAILTY, "truce.collapse_strikes": np.inf,
    "home.release": 0.0, "host.threshold": np.inf,
}  # fmt: skip


@pytest.mark.parametrize("resample_below", [0.0, 1.0], ids=["weights", "filter"])
def test_rates_are_learned_from_strikes_and_claims(
    resample_below: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strike days are Bernoulli with p = 1 - exp(-λ), λ gamma: the posterior is an integral.

    The record, with 3 days of tolerance: a strike about day 10, one claimed with probability 0.4
    about day 25, no other up to day 40. Weights alone and a filter that draws anew at each stage
    must both find the mean of λ, the chance of the claim and that of a strike in 7 and 30 days.
    """
    monkeypatch.setattr(filtering, "RESAMPLE_BELOW", resample_below)
    law = stats.gamma(2.0, scale=0.02)
    draws = pd.DataFrame({"attribution.domestic_per_day": law.rvs(10_000, random_state=1)})
    record = [
        {"day": 10, "kind": "strike", "side": "home"},
        {"day": 25, "kind": "strike", "side": "home", "probability": 0.4},
    ]
    found = nowcast(
        record, 40, config(STRIKES), posterior=draws, particles=10_000, futures=5000, ahead=30,
        tolerance=3,
    )  # fmt: skip

    def mean(of=lambda rate, claim: 1.0) -> float:  # type: ignore[no-untyped-def]
        def weigh(rate: float) -> float:
            p = -np.expm1(-rate)
            one, none = 7 * p * (1 - p) ** 6, (1 - p) ** 7
            known = one * (1 - p) ** (41 - 14) * law.pdf(rate)
            return float(known * (0.6 * none * of(rate, 0.0) + 0.4 * one * of(rate, 1.0)))

        return integrate.quad(weigh, 0, 2, points=[0.05], limit=200)[0]

    whole = mean()
    agree(found.learned.iloc[0], "now", mean(lambda rate, _: rate) / whole)
    agree(found.claims.iloc[0], "now", mean(lambda _, claim: claim) / whole)
    strikes = found.coming.set_index("event").loc["strike by home"]
    for days in (7, 30):
        within = mean(lambda rate, _, days=days: -np.expm1(-rate * days)) / whole
        agree(strikes, f"within_{days}", within)
    assert found.agreement == pytest.approx(np.log(whole), abs=0.2)  # over six errors


def test_rates_are_learned_from_weeks_of_violations() -> None:
    """V3: Poisson(λ) violations a day, none of which fades; the truce ends with the K-th. Sources
    reported three, then two, in two weeks. Sums over both weeks, an integral over λ."""
    least, law = 14, stats.gamma(4.0, scale=0.1)
    settings = {
        **UNIT_VIOLATIONS, **NO_FRAILTY, "home.threshold": float(least), "home.lag_days": 0,
        "home.grievance_memory_days": np.inf, "home.initial_grievance": 0.0,
        "home.decision_noise": 0.0, "home.resolve": 1.0, "truce.collapse_strikes": 1.0,
    }  # fmt: skip
    draws = pd.DataFrame({"attribution.domestic_per_day": law.rvs(8000, random_state=2)})
    record = [
        {"day": 2, "kind": "violation", "value": 3},
        {"day": 9, "kind": "violation", "value": 2},
    ]
    found = nowcast(
        record, 13, config(settings), posterior=draws, particles=8000, futures=5000, ahead=20
    )
    n = np.arange(least)
    first, second = np.meshgrid(n, n, indexing="ij")
    held = first + second < least
    reports = (first + BACKGROUND) ** 3 * (second + BACKGROUND) ** 2
    agreement = held * reports / (1 / REPORTED + first + second + 2 * BACKGROUND) ** 6

    def mean(ahead: int) -> float:
        def weigh(rate: float) -> float:
            week = stats.poisson.pmf(n, 7 * rate)
            left = stats.poisson.cdf(least - 1 - first - second, rate * ahead)
            return float(law.pdf(rate) * (np.outer(week, week) * agreement * left).sum())

        return integrate.quad(weigh, 0, 4, points=[0.3])[0]

    for ahead in (1, 5, 10, 20):
        agree(found.survival.iloc[ahead - 1], "holds", mean(ahead) / mean(0))


# ── what the answer depends on, and what not ─────────────────────────────────────────────────

RECORD = [
    {"day": 3, "kind": "clash"},
    {"day": 12, "kind": "strike", "side": "home", "probability": 0.5},
]


def small(record=RECORD, as_of: object = 15, **changed):  # type: ignore[no-untyped-def]
    asked = {"posterior": "none", "particles": 600, "futures": 200, "ahead": 20, "least": 100}
    asked |= changed
    return nowcast(record, as_of, "mediation=none", **asked)


def test_it_is_the_same_again_on_any_number_of_threads() -> None:
    one, two = small(threads=1), small(threads=2)
    pd.testing.assert_frame_equal(one.futures, two.futures)
    assert one.as_dict() == two.as_dict()


def test_claims_of_probability_0_and_1_are_none_and_certain() -> None:
    def with_claim(p: float):  # type: ignore[no-untyped-def]
        row = {"day": 12, "kind": "strike", "side": "home", "probability": p}
        return small([RECORD[0], row], tolerance=20).futures

    certain = small([RECORD[0], {"day": 12, "kind": "strike", "side": "home"}], tolerance=20)
    pd.testing.assert_frame_equal(with_claim(1.0), certain.futures)
    assert (with_claim(0.0)["end_day"] > 15).all()


def test_a_lever_that_changes_nothing_changes_nothing() -> None:
    here = {"set": {"home.capacity": 0.85}, "where": {"km": [0, 300]}}
    found = small(what_if={"same": {"home.threshold": 4.5}, "same here": here}).what_if
    assert (found[["days_more", "days_more_low", "days_more_high"]] == 0.0).all(axis=None)


def test_a_turn_of_luck_keeps_the_past() -> None:
    spec = make_spec(config({"home.threshold": 2.0, "run.horizon_days": 60}))
    plain = outcomes(spec, range(200))
    turned = outcomes(spec, range(200), turns=np.array([(30, 10_000)], TURN))
    past = plain["end_day"] < 30
    assert past.any()
    assert (plain[past] == turned[past]).all()
    assert (plain[~past] != turned[~past]).mean() > 0.9
    assert (outcomes(spec, range(200), turns=NO_TURNS) == plain).all()


def test_interventions_override_draws_from_their_day_on() -> None:
    """Draws of a rate that is 0 from day 10 on: nothing happens after that."""
    settings = to_plain(config(STRIKES))
    settings["interventions"] = [{"day": 10, "set": {"attribution.domestic_per_day": 0.0}}]
    draws = pd.DataFrame({"attribution.domestic_per_day": np.linspace(0.01, 0.1, 300)})
    found = nowcast([{"day": 5, "kind": "strike", "side": "home"}], 12, validate(settings),
                    posterior=draws, particles=300, futures=100, ahead=20, least=10)  # fmt: skip
    assert found.coming.set_index("event").loc["strike by home", "within_7"] == 0


def test_effective_number_and_systematic_draws() -> None:
    assert effective(np.ones(7)) == pytest.approx(7)
    assert effective(np.array([0.0, 3.0, 0.0])) == pytest.approx(1)
    assert effective(np.zeros(3)) == 0.0
    weight = np.array([0.0, 1.0, 3.0, 0.0])
    drawn = systematic(weight, 400, np.random.default_rng(1))
    assert np.bincount(drawn, minlength=4) == pytest.approx([0, 100, 300, 0], abs=1)


# ── what is refused or said ──────────────────────────────────────────────────────────────────


def test_more_are_added_until_they_are_enough_and_too_few_are_refused() -> None:
    one, enough = small(least=50), small(least=900)
    assert one.particles == 600
    assert not one.enough
    assert enough.effective >= 900
    assert enough.particles > 600
    with pytest.raises(InputError, match="fewer than 90,000") as refused:
        small(least=90_000)
    assert "3,000 runs" in str(refused.value)  # it is clear after five rounds
    assert "--least" in str(refused.value)


def test_runs_of_one_draw_have_luck_of_their_own() -> None:
    """Few draws leave as many runs, and wider intervals."""
    draws = pd.DataFrame({"home.threshold": np.linspace(3.0, 6.0, 5)})
    few, none = small(posterior=draws, least=100), small(least=100)
    assert few.effective > 100 > len(draws)
    width = [f.survival["holds_high"].iloc[9] - f.survival["holds_low"].iloc[9]
             for f in (few, none)]  # fmt: skip
    assert width[0] > width[1]


def test_a_record_that_no_run_agrees_with_is_refused() -> None:
    with pytest.raises(InputError, match="no run of 3,000 agrees"):
        small([{"day": 3, "kind": "strike", "side": "host", "value": 9}])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"particles": 1}, "particles = 1"),
        ({"ahead": 0}, "ahead = 0"),
        ({"ahead": 4000}, "no run is longer than 3,650"),
        ({"as_of": 8015}, "--as-of: is day 8,015"),
        ({"tolerance": -1}, "tolerance = -1"),
        ({"reported": 0.0}, "reported = 0.0"),
        ({"least": 0}, "least = 0"),
        ({"threshold": 3}, "settings go into the third argument"),
        ({"what_if": {"x": {"home.treshold": 3}}}, "home.threshold"),
        ({"what_if": {"x": {"home.capacity": -1}}}, "home.capacity"),
        ({"posterior": "nowhere.parquet"}, "no such file"),
        ({"posterior": "nowhere.parquet"}, "or none"),
        ({"posterior": pd.DataFrame({"home.threshold": []})}, "has no rows"),
        ({"posterior": pd.DataFrame({"weight": [1.0]})}, "has no settings"),
        ({"posterior": pd.DataFrame({"home.threshold": [4], "weight": [-1]})}, "weights"),
        ({"posterior": pd.DataFrame({"home.threshold": [-4.0]})}, "home.threshold"),
        ({"posterior": pd.DataFrame({"border.sectors": [4]})}, "cannot be drawn"),
        ({"posterior": pd.DataFrame({"home.threshold": ["many"]})}, "not of numbers"),
    ],
)
def test_bad_arguments_are_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as refused:
        small(**changed)
    assert words in str(refused.value)
    assert len(str(refused.value)) <= 300


def test_a_posterior_on_disk_is_read_with_its_weights(tmp_path: Path) -> None:
    draws = pd.DataFrame({"home.threshold": [3.0, 9.0], "weight": [0.0, 1.0]})
    draws.to_parquet(tmp_path / "posterior.parquet")
    draws.to_csv(tmp_path / "draws.csv", index=False)
    for where in (tmp_path, tmp_path / "draws.csv", draws):
        found = small(posterior=where)
        assert set(found.futures["draw"]) == {1}
        assert found.draws == pytest.approx(1.0)  # a sample of one, however often it is run


def test_draws_of_mediators_that_are_not_there_are_told_of() -> None:
    drawn = pd.DataFrame({"home.threshold": [4.0, 5.0],
                          "mediation.mediators.qatar.skill": [0.2, 0.8]})  # fmt: skip
    with pytest.warns(NoEffectWarning, match="qatar.skill has no effect while there is no"):
        found = nowcast(
            None, 3, ["mediation=none"], posterior=drawn, particles=20, least=2, ahead=5
        )
    assert found.learned["setting"].tolist() == ["home.threshold"]


def test_the_prior_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "ROUNDS", 2)
    found = small(posterior=None, particles=300, least=40)
    assert "drawn from the prior (default)" in found.source
    assert found.particles > 500
    assert len(found.learned) > 60
    assert found.futures["draw"].max() >= 300  # of the second round
