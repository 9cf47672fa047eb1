"""A fit: agrees with the exact posterior, is calibrated, resumes, repeats, refuses what is not it.

One fit serves most tests: V13 of the specification, whose posterior is known, with a third setting
that the data cannot inform. Statistical bounds are stated where they are used.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from inference.exact import KNOWN, QUANTILES, truces_like
from truce_sim import InputError, nowcast, search
from truce_sim.analysis.worlds import between_worlds, over_worlds, sentences
from truce_sim.cli.commands import run_command
from truce_sim.inference import checks, flow
from truce_sim.inference.calibration import calibration
from truce_sim.inference.fit import Fit, fit, open_fit
from truce_sim.sweeps.api import sweep

pytest.importorskip("flowjax")

RATE, CV, IDLE = "militants.attempts_per_day", "frailty.attempts_cv", "attribution.foiled_weight"
DAYS = [3, 4, 5, 8, 11, 14, 17, 20, 24, 29, 35, 42, 50, 60, 75, 90, 120, 160, 200, 200]
TABLE = [{"days": n, "ended": int(n < 200)} for n in DAYS]


def known(folder: Path, **changed: Any) -> Fit:
    case = KNOWN["V13"]
    base = {**case.base, "home.capacity": 0.1}  # some bands are foiled: 1 % fewer violations
    settings = {**case.prior["settings"], IDLE: {"law": "lognorm", "s": 0.5, "scale": 0.25}}
    asked = {"truces": TABLE, "free": [RATE, CV, IDLE], "prior": {"settings": settings},
             "base": base, "draws": 3000, "folder": folder} | changed  # fmt: skip
    return fit("known", **asked)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fits")


@pytest.fixture(scope="module")
def made(folder: Path) -> Fit:
    return known(folder)


def test_the_posterior_is_the_exact_one(made: Fit) -> None:
    """Medians within 0.8 and ends of 95 % within 1.2 exact standard deviations.

    Training ends elsewhere with every seed, and on every kind of processor. With five seeds the
    worst median was off by 0.19 to 0.36, the worst end by 0.32 to 0.64 (3,000 draws are few). A
    posterior that ignored the data would have ends off by more than 2.
    """
    case = KNOWN["V13"]
    task = case.task(truces_like(len(DAYS)))
    exact = case.exact(task.prior, np.array(DAYS, float), np.array(DAYS) < 200)
    spread = (exact[:, 3] - exact[:, 1]) / 1.349
    scores = task.prior.scores_of(made.draws[[RATE, CV]])
    ours = np.quantile(scores, QUANTILES, axis=0).T
    off = np.abs(ours - exact) / spread[:, None]
    assert off[:, 2].max() < 0.8
    assert off.max() < 1.2


def test_a_setting_that_data_cannot_inform_stays_at_its_prior(made: Fit) -> None:
    """With five seeds its contraction was -0.19 to 0.04 and its median moved by up to 0.09; the
    contraction of the settings that the data inform is 0.8."""
    row = made.settings.set_index("setting").loc[IDLE]
    assert abs(row["contraction"]) < 0.5
    assert abs(row["moved"]) < 0.4
    nothing = next(line for line in made.sentences if "nothing" in line)
    assert IDLE in nothing
    assert RATE not in nothing


def test_intervals_cover_on_simulated_data_sets(made: Fit) -> None:
    """300 data sets: a 95 % interval that covers 95 % is below 86 % by chance once in 10^9."""
    table = made.calibration
    assert (table["n"] == 300).all()
    assert (table["cover95"] > 0.86).all()
    assert ((table["cover50"] > 0.33) & (table["cover50"] < 0.67)).all()
    assert "300 simulated data sets" in checks.coverage_sentence(table)


def test_a_fit_is_done_once_and_opens_as_it_was(made: Fit, folder: Path) -> None:
    steps: list[str] = []
    again = known(folder, step=lambda what, done, of: steps.append(what))
    assert not steps
    pd.testing.assert_frame_equal(again.draws, made.draws)
    assert list(pd.read_parquet(made.folder / "posterior.parquet")) == [RATE, CV, IDLE]


def test_a_stopped_fit_goes_on_where_it_was(
    made: Fit, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed during the third part: what is stored is kept, a damaged part is made again.

    The training then sees the same simulations, bit by bit, as in a fit that was not stopped.
    """

    def stop(what: str, done: int, of: int) -> None:
        if done == 2000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        known(tmp_path, step=stop)
    parts = sorted((tmp_path / "known" / "parts").glob("*.parquet"))
    assert len(parts) == 2
    kept = parts[1].stat().st_mtime_ns
    parts[0].write_bytes(parts[0].read_bytes()[:-40])
    with pytest.raises(InputError, match="not finished"):
        open_fit(tmp_path / "known")
    monkeypatch.setattr(flow, "train", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        known(tmp_path)
    assert parts[1].stat().st_mtime_ns == kept
    for part in (made.folder / "parts").iterdir():
        again = pd.read_parquet(tmp_path / "known" / "parts" / part.name)
        pd.testing.assert_frame_equal(again, pd.read_parquet(part), check_exact=True)


def test_training_repeats_exactly_from_its_seed(made: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, from the start and further, with all summaries and with one left out; another
    seed ends elsewhere. The flow has the size of the fit's, so that nothing is compiled anew."""
    monkeypatch.setattr(flow, "_STEPS", 40)
    monkeypatch.setattr(flow, "_STEPS_AGAIN", 40)
    rng, n = np.random.default_rng(1), made.diagnostics["training"]["draws"]
    scores = rng.normal(size=(n, len(made.settings)))
    summaries = rng.normal(size=(n, len(made.manifest["summaries"])))
    summaries[:, : scores.shape[1]] += scores

    def begun(seed: int) -> Any:
        return flow.train(scores, summaries, seed)

    def drawn(found: Any, given: Any = summaries[:1]) -> Any:
        return found.sample(given, 2000, 7)

    one = begun(1)
    np.testing.assert_array_equal(drawn(one), drawn(begun(1)))
    assert not np.array_equal(drawn(one), drawn(begun(2)))

    def further(columns: list[int], seed: int) -> Any:
        return one.without(columns, scores, summaries, seed)

    for columns in ([], [0]):
        again = drawn(further(columns, 1))
        np.testing.assert_array_equal(again, drawn(further(columns, 1)))
        assert not np.array_equal(again, drawn(further(columns, 2)))
    moved = np.add(summaries[:1], [100.0] + [0.0] * (summaries.shape[1] - 1))
    np.testing.assert_array_equal(drawn(further([0], 1), moved), again)  # it does not look
    assert not np.array_equal(drawn(further([], 1), moved), drawn(further([], 1)))


def test_a_flow_starts_from_its_seed() -> None:
    import jax

    def start(seed: int) -> Any:
        leaves = jax.tree.leaves(flow._untrained(jax.random.key(seed), 2, 3))
        return np.concatenate([np.ravel(leaf) for leaf in leaves if hasattr(leaf, "shape")])

    np.testing.assert_array_equal(start(1), start(1))
    assert not np.array_equal(start(1), start(2))


def test_another_fit_is_refused_in_its_folder(made: Fit, folder: Path) -> None:
    for changed in ({"seed": 2}, {"truces": TABLE[:-1]}):
        with pytest.raises(InputError, match="has another fit"):
            known(folder, **changed)
    with pytest.raises(InputError, match="3,000 draws already"):
        known(folder, draws=2000)


def test_a_changed_file_is_refused(made: Fit, tmp_path: Path) -> None:
    place = tmp_path / "copy"
    shutil.copytree(made.folder, place)
    text = (place / "diagnostics.json").read_text(encoding="utf-8")
    (place / "diagnostics.json").write_text(text.replace("0.", "1.", 1), encoding="utf-8")
    with pytest.raises(InputError, match="was changed"):
        open_fit(place)
    with pytest.raises(InputError, match="no such file"):
        open_fit(tmp_path)


@pytest.mark.parametrize(
    ("changed", "words"),
    [({}, "no data"), ({"truces": TABLE, "draws": 10}, "from 1,000 up"),
     ({"truces": TABLE, "free": ["home.treshold"]}, "home.threshold"),
     ({"truces": TABLE, "free": ["mediation.verification.doubt"]}, "enabled is false"),
     ({"patterns": ["stopped_at_border=1"]}, "not a range"),
     ({"truces": TABLE, "name": "../bad"}, "only the name of a folder"),
     ({"truces": TABLE, "name": ""}, "name: is missing")],
)  # fmt: skip
def test_a_bad_fit_is_refused_before_anything_is_written(
    changed: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        fit(**{"name": "bad", "folder": tmp_path / "new", **changed})
    assert not list(tmp_path.iterdir())


def test_a_truce_is_followed_over_the_posterior_of_a_fit(made: Fit) -> None:
    found = nowcast(None, 3, posterior=made.folder, particles=300, futures=100, ahead=10, least=50)
    assert f"4,000 draws of {made.folder}" in found.source
    assert set(found.learned["setting"]) >= {RATE, CV}
    assert 50 < found.draws <= found.effective


def test_a_search_has_the_worlds_of_a_fit(
    made: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its folder or by its name in outputs/, on the command line and in Python: worlds are rows
    of its draws. With other draws behind the same name, a search does not go on."""
    import yaml  # type: ignore[import-untyped]

    pytest.importorskip("pymoo")
    monkeypatch.chdir(tmp_path)
    problem: dict[str, Any] = {
        "base": {**KNOWN["V13"].base, "host.will": 1.0}, "target": 0.5,
        "levers": {"host": {"set": "host.capacity", "low": 0, "high": 2, "step": 0.5,
                            "cost": {0: 0, 2: 4}}},
        "sizes": {"population": 8, "generations": 1, "rungs": [4, 8], "luck": 2, "reported": 3,
                  "proof_worlds": 20, "proof_luck": 2},
    }  # fmt: skip
    Path("mine.yaml").write_text(yaml.safe_dump(problem), encoding="utf-8")
    place = Path("outputs/known")
    place.mkdir(parents=True)
    draws = Path(shutil.copy(made.folder / "posterior.parquet", place))
    words = ["search", "mine.yaml", "--folder", "found", "--posterior"]
    assert run_command([*words, "known"]) == 0
    assert "proved in 20 fresh worlds" in capsys.readouterr().out
    worlds = pd.read_parquet("found/worlds.parquet").drop(columns="seed")
    known_draws = made.draws.set_index([*worlds]).index
    assert worlds.set_index([*worlds]).index.isin(known_draws).all()
    assert worlds[RATE].nunique() > 5
    found = search(problem, worlds={"posterior": str(made.folder)})
    pd.testing.assert_frame_equal(found.worlds.draws, worlds)
    made.draws.iloc[::-1].to_parquet(draws)
    assert run_command([*words, "known"]) == 2
    assert "was made in other worlds" in capsys.readouterr().err


def test_the_page_says_what_the_data_say(made: Fit) -> None:
    from truce_sim.inference.page import write_page

    text = write_page(made).read_text(encoding="utf-8")
    assert all(line.split(" (contraction")[0] in text for line in made.sentences)
    assert "What was not fitted" in text
    assert "http" not in text.replace("http://www.w3.org", "")


def test_the_command_says_what_the_data_say(
    made: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}

    def instead(name: str, **given: Any) -> Fit:
        asked.update(given, name=name)
        given["step"]("draws simulated", 1, 2)
        return made

    monkeypatch.setattr("truce_sim.inference.fit.fit", instead)
    words = ["fit", "x", "mediation=none", "--free", "home.threshold", "--truces", "t.csv"]
    assert run_command(words) == 0
    printed = capsys.readouterr()
    assert (asked["name"], asked["free"]) == ("x", ["home.threshold"])
    assert asked["base"].config.mediation.mediators == {}
    assert "draws simulated: 1 of 2" in printed.err
    assert made.sentences[0] in printed.out
    assert "+posterior=" in printed.out.splitlines()[-1]


def test_coverage_and_ranks_are_those_of_a_known_posterior() -> None:
    """True posteriors are flat in rank and cover; ones too narrow do not."""
    rng = np.random.default_rng(4)
    true = rng.standard_normal((300, 1))
    data = true + rng.standard_normal((300, 1))
    right = data / 2 + np.sqrt(0.5) * rng.standard_normal((499, 300, 1))
    narrow = data / 2 + 0.3 * np.sqrt(0.5) * rng.standard_normal((499, 300, 1))
    good, bad = (calibration(["x"], true, drawn).iloc[0] for drawn in (right, narrow))
    assert good["cover95"] > 0.86
    assert good["p"] > 1e-7
    assert bad["cover95"] < 0.7
    assert bad["p"] < 1e-7
    assert good["contraction"] == pytest.approx(0.5, abs=0.15)


# ── sweeps over a posterior ──────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def worlds(folder: Path) -> Any:
    draws = pd.DataFrame(
        {"home.threshold": [3.0, 6.0] * 20, "host.will": np.linspace(0.2, 0.5, 40)}
    )
    factors = {"mediation": ["none", "qatar_turkiye"]}
    return sweep(factors, {"run.horizon_days": 120}, design="posterior", table=draws, replicates=6,
                 folder=folder / "worlds")  # fmt: skip


def test_policies_meet_in_the_same_world_with_the_same_luck(worlds: Any) -> None:
    runs = worlds.runs
    pairs = runs.groupby(["seed", "replicate"])
    assert (pairs.size() == 2).all()
    assert (pairs["host.will"].nunique() == 1).all()
    assert runs["seed"].nunique() == 40
    alike = pairs["first_violation_day"].nunique()
    assert (alike == 1).mean() > 0.5  # mediators hardly touch what happens before


def test_more_draws_extend_a_sweep_over_a_posterior(worlds: Any, folder: Path) -> None:
    draws = pd.DataFrame({"home.threshold": [4.0] * 6, "host.will": np.linspace(0.2, 0.4, 6)})
    asked: dict[str, Any] = {"design": "posterior", "table": draws, "replicates": 2,
                             "folder": folder / "more"}  # fmt: skip
    factors = {"mediation": ["none", "monitored"]}
    first = sweep(factors, {"run.horizon_days": 60}, points=3, **asked).runs
    more = sweep(factors, {"run.horizon_days": 60}, points=6, **asked).runs
    assert (len(first), len(more)) == (12, 24)
    columns = ["point", "seed", "end_day"]
    pd.testing.assert_frame_equal(more[more["point"] < 6][columns], first[columns])


def test_the_answer_over_worlds_is_in_words(worlds: Any) -> None:
    table = over_worlds(worlds)
    assert table["worlds"].tolist() == [40]
    assert table["runs"].tolist() == [6]
    line = sentences(table, "mediation")[0]
    assert "40 worlds compatible with the data" in line
    assert "the rest is chance" in line
    with pytest.raises(InputError, match="not a policy"):
        over_worlds(worlds, "host.will")


def test_the_variance_between_worlds_is_told_from_luck() -> None:
    """1 between worlds, 3 within: 25 %. The standard error at 400 worlds of 8 is about 0.02."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(400, 1)) + np.sqrt(3) * rng.normal(size=(400, 8))
    index = pd.MultiIndex.from_product([range(400), range(8)], names=["world", "replicate"])
    found = between_worlds(pd.Series(values.ravel(), index))
    assert abs(found.value - 0.25) < 0.12
    assert found.low < found.value < found.high


def test_the_command_line_sweeps_over_a_table_of_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({"home.threshold": [3.0, 6.0, 5.0]}).to_csv("draws.csv", index=False)
    words = ["mediation=none,qatar_turkiye", "sweep.replicates=2", "run.horizon_days=60"]
    assert run_command(["sweep", "+posterior=draws.csv", "posterior.draws=2", *words]) == 0
    assert "of the 2 worlds" in capsys.readouterr().out
    assert run_command(["sweep", "+posterior=draws.csv", "posterior.draws=9", *words]) == 2
    assert "there are 3 draws" in capsys.readouterr().err
    assert run_command(["sweep", "+posterior=draws.csv", "home.threshold=3,4", *words]) == 2
    assert "both the posterior and the overrides" in capsys.readouterr().err
