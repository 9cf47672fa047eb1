"""Priors: every behavioural setting has one or a reason, draws keep to it, bad ones are refused.

Statistical tests fail by chance less than once in a million runs: they compare with 5 standard
errors or more (p < 6e-7).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from truce_sim import InputError, draw_prior, load_setup, prior_predictive, simulate_many
from truce_sim.cli.commands import run_command
from truce_sim.inference.laws import LAWS, read_law
from truce_sim.inference.predictive import settings_share
from truce_sim.inference.prior import load_prior
from truce_sim.settings.fields import fields

BEHAVIOUR = ("militants", "host", "home", "attribution", "belief", "mediation", "truce", "frailty")
SMALL = {"settings": {"home.threshold": {"law": "lognorm", "s": 0.5, "scale": 4.5},
                      "host.will": {"law": "beta", "a": 2, "b": 5}},
         "dependence": [["home.threshold", "host.will", 0.6]]}  # fmt: skip


def test_every_behavioural_setting_has_a_law_or_a_reason() -> None:
    prior = load_prior()
    behavioural = {f.path for f in fields() if f.path.partition(".")[0] in BEHAVIOUR}
    without = behavioural - {*prior.laws} - {*(prior.fixed or {})}
    defaults = {f.path: f.default for f in fields()}
    assert {path: defaults[path] for path in without} == dict.fromkeys(without, 0.0)  # off
    assert {*prior.laws} | {*(prior.fixed or {})} <= behavioural
    assert not {*prior.laws} & {*(prior.fixed or {})}


def test_laws_are_centred_on_the_defaults_and_wider_where_values_are_assumed() -> None:
    """Defaults lie in the central half; `home.resolve`, at the end of its range, is the mode."""
    widths: dict[str, list[float]] = {"A": [], "C": [], "F": []}
    for path, law in load_prior().laws.items():
        low, high = law.values(np.array([0.25, 0.75]))
        default = float(law.info.default)
        assert low <= default <= high or path == "home.resolve", path
        if law.name == "lognorm":
            widths[law.info.meta.source].append(law.parameters["s"])
    assert max(widths["C"] + widths["F"]) <= 0.3
    assert np.median(widths["A"]) == 0.5
    assert min(widths["A"]) >= 0.4


def test_draws_follow_their_law_and_its_dependence() -> None:
    draws = draw_prior(4000, 3, prior=SMALL)
    laws = load_prior(SMALL).laws
    for path, law in laws.items():
        assert kstest(law.probabilities(draws[path].to_numpy()), "uniform").pvalue > 1e-7
    scores = load_prior(SMALL).scores_of(draws)
    r = np.corrcoef(scores.T)[0, 1]
    assert abs(np.arctanh(r) - np.arctanh(0.6)) < 5.5 / np.sqrt(4000 - 3)


def test_fewer_draws_are_the_first_of_more_and_a_seed_repeats_them() -> None:
    many = draw_prior(1500, 7)
    pd.testing.assert_frame_equal(draw_prior(40, 7), many.head(40))
    assert not draw_prior(40, 8).equals(many.head(40))


def test_draws_of_all_settings_run() -> None:
    """Each satisfies the rules between settings, or `simulate_many` would refuse the table."""
    draws = draw_prior(40)
    runs = simulate_many(draws.assign(seed=range(40)), {"run.horizon_days": 60})
    assert (runs["status"] == "done").all()
    assert draws["home.lag_days"].dtype == np.int64


def test_scores_and_values_are_inverse() -> None:
    prior = load_prior().for_base(load_setup())
    scores = prior.draw_scores(200)
    again = prior.scores_of(prior.values(scores))
    whole = np.array([law.whole for law in prior.laws.values()])
    np.testing.assert_allclose(again[:, ~whole], scores[:, ~whole], atol=1e-6)
    values = prior.values(scores)
    pd.testing.assert_frame_equal(prior.values(again).loc[:, whole], values.loc[:, whole])


def test_what_the_base_sets_is_known() -> None:
    assert "home.threshold" not in draw_prior(1, base={"home.threshold": 6.0})
    committed = draw_prior(1, base={"host": "committed"})
    assert "host.will" not in committed
    assert "host.capacity" in committed
    none = draw_prior(1, base={"mediation": "none"})
    assert not [name for name in none if name.startswith("mediation.mediators")]
    plain = draw_prior(1)
    assert {"mediation.mediators.qatar.skill", "mediation.mediators.turkiye.skill"} <= {*plain}
    assert "mediation.verification.doubt" not in plain
    assert "mediation.verification.doubt" in draw_prior(1, base={"mediation": "monitored"})


@pytest.mark.parametrize("name", LAWS)
def test_every_listed_law_can_be_used(name: str) -> None:
    given = {"df": 5, "s": 0.5, "a": 2, "b": 3, "c": 0.5, "loc": 0, "scale": 1, "low": 1,
             "high": 4, "mu": 2}  # fmt: skip
    law = {"law": name, **{key: given[key] for key in LAWS[name]}}
    path = "home.lag_days" if name in ("randint", "poisson") else "home.threshold"
    values = read_law(path, law, "here").values(np.linspace(0.01, 0.99, 9))
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()


def _with(**law: Any) -> dict[str, Any]:
    return {"settings": {"home.threshold": law}}


BAD: list[tuple[Any, tuple[str, ...]]] = [
    ("defualt", ("no such prior", "default")),
    (3, ("is not a prior", "an int")),
    ({}, ("has no settings",)),
    ({"settings": {}, "laws": {}}, ("no such part", "dependence")),
    ({"settings": {"home.treshold": {"law": "norm"}}}, ("no such setting", "home.threshold")),
    ({"settings": {"frailty.law": {"law": "norm"}}}, ("only numbers",)),
    ({"settings": {"home.threshold": 4}}, ("is not a law",)),
    (_with(law="os.system"), ("no such law", "lognorm")),
    (_with(law="lognorm", sigma=1), ("not a parameter of lognorm", "scale")),
    (_with(law="lognorm", scale="a"), ("is not a number",)),
    (_with(law="lognorm", scale=3), ("cannot be made", "s, loc, scale")),
    (_with(law="lognorm", s=-1, scale=3), ("no probability",)),
    (_with(law="uniform", loc=-5, scale=2), ("no probability", "from 1e-06")),
    ({**SMALL, "dependence": [["home.threshold", "host.will", 1.0]]}, ("between -1 and 1",)),
    ({**SMALL, "dependence": [["home.threshold", "host.capacity", 0.1]]}, ("has no law here",)),
    ({"settings": {"militants.excitation": {"law": "uniform", "loc": 10, "scale": 1}}},
     ("hardly any",)),
]  # fmt: skip


@pytest.mark.parametrize(("prior", "words"), BAD)
def test_a_bad_prior_is_refused_in_words(prior: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        draw_prior(5, prior=prior)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert len(str(caught.value)) <= 400


def test_settings_that_cannot_be_free_are_refused() -> None:
    with pytest.raises(InputError, match="off by default"):
        draw_prior(5, settings=["militants.tempo_cv"])
    with pytest.raises(InputError, match=r"mediation.verification.enabled is false"):
        draw_prior(5, settings=["mediation.verification.doubt"])
    with pytest.raises(InputError, match="number of draws"):
        draw_prior(-1)


def test_a_file_that_is_no_prior_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("settings: {home.threshold: [}", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        load_prior(file)


def test_the_share_due_to_settings_is_the_intraclass_correlation() -> None:
    """Variance 1 of settings, 3 of luck: 25 %. The standard error is about 0.015 at 4,000."""
    rng = np.random.default_rng(5)
    pairs = rng.normal(size=(4000, 1)) + np.sqrt(3) * rng.normal(size=(4000, 2))
    found = settings_share(pairs)
    assert abs(found.value - 0.25) < 0.08
    assert found.low < found.value < found.high
    assert found.high - found.low < 0.08


def test_a_prior_predictive_check_describes_every_measure() -> None:
    table = prior_predictive(60, base={"run.horizon_days": 90}, prior=SMALL)
    row = table.set_index("measure").loc["end_day"]
    assert row["n"] == 60
    assert row["q2.5"] <= row["q50"] <= row["q97.5"] <= 90
    assert "ended_by_131" not in set(table["measure"])  # beyond the horizon
    with pytest.raises(InputError, match="at least 50"):
        prior_predictive(10)


def test_the_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "draws.csv"
    assert run_command(["prior", "mediation=none", "--draws", "50", "--write", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "50 draws of" in printed
    assert "due to settings" in printed
    assert "mediation=none" in printed.splitlines()[-1]
    pd.testing.assert_frame_equal(pd.read_csv(file), draw_prior(50, base={"mediation": "none"}))


def test_other_commands_say_where_priors_belong(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "prior=default"]) == 2
    assert "truce-sim prior" in capsys.readouterr().err
