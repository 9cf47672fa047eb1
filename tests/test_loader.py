"""The caching loader composes the same configurations as Hydra's own."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.types import RunMode
from omegaconf import OmegaConf

from truce_sim import load_config
from truce_sim.config import loader
from truce_sim.config.compose import loader_for

TOKENS = (
    "truce=literal", "truce=tolerant", "mediation=none", "mediation=monitored", "host=unable",
    "home.threshold=5", "host.will=0.4", "home.threshold=${host.threshold}", "seed=3",
    "~mediation.mediators.qatar", "+mediation.mediators={oman:{call:0.1}}", "+size=small",
    "+experiment=doha", "mediation.calendar=[3,40]", "hydra.sweeper.points=4",
    "hydra/launcher=basic", "output.name=${hydra.job.override_dirname}", "militants={band_size:1}",
)  # fmt: skip


def _plain(config: Any) -> tuple[Any, str]:
    return OmegaConf.to_container(config, resolve=False), OmegaConf.to_yaml(config.hydra.overrides)


def _composed(how: Any, tokens: list[str], mode: RunMode) -> Any:
    """The result: a configuration, or the error in Hydra's words."""
    try:
        return _plain(how.load_configuration("config", list(tokens), run_mode=mode))
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("mode", list(RunMode))
def test_it_is_as_hydra_composes(seed: int, mode: RunMode) -> None:
    chosen = random.Random(seed).sample(TOKENS, 4)
    more = ["home.thresold=5", "truce=litteral", "nothing=here", "home.threshold=1,2"]
    with loader_for() as ours:
        hydras = ConfigLoaderImpl(ours.get_search_path())
        expected = _composed(hydras, chosen, mode)
        assert _composed(ours, chosen, mode) == expected
        for tokens in (chosen[:2], [*chosen, more[seed % 4]]):
            assert _composed(ours, tokens, mode) == _composed(hydras, tokens, mode)
        assert _composed(ours, chosen, mode) == expected


def test_a_copy_is_the_users_own() -> None:
    first, second = load_config(), load_config()
    first.mediation.mediators.clear()
    first.mediation.calendar.append(99)
    assert second.mediation.mediators
    assert load_config() == second


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "home" / "mine.yaml"
    file.parent.mkdir()
    for threshold in (3, 4):
        file.write_text(f"defaults: [baseline, _self_]\nthreshold: {threshold}\n")
        assert load_config(["home=mine"], config_dir=tmp_path).home.threshold == threshold


def test_a_file_that_other_choices_read_before_is_read_again_if_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "home" / "mine.yaml"
    file.parent.mkdir()
    for mediation, threshold in (("none", 3), ("monitored", 4)):
        file.write_text(f"defaults: [baseline, _self_]\nthreshold: {threshold}\n")
        loaded = load_config(["home=mine", f"mediation={mediation}"], config_dir=tmp_path)
        assert loaded.home.threshold == threshold


def test_a_file_that_is_composed_before_the_main_one_is_read_again_too(tmp_path: Path) -> None:
    file = tmp_path / "hydra" / "launcher" / "mine.yaml"
    file.parent.mkdir(parents=True)
    for jobs in (3, 4):
        file.write_text(f"jobs: {jobs}\n")
        with loader_for(tmp_path) as ours:
            made = ours.load_configuration("config", ["hydra/launcher=mine"], RunMode.RUN)
        assert made.hydra.launcher.jobs == jobs


def test_files_are_read_once_for_all_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of `conf/` that two configurations share."""
    read: list[str] = []
    check = loader._check_file

    def count(found: Any, path: str) -> None:
        read.append(path)
        check(found, path)

    monkeypatch.setattr(loader, "_check_file", count)
    loader.forget()
    for truce in ("literal", "tolerant"):
        load_config({"truce": truce})
    assert len(read) == len(set(read))
    assert {"config", "truce/literal", "truce/tolerant", "home/baseline"} <= set(read)


def test_a_folder_that_moves_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative folder is relative to the current one."""
    for name, threshold in (("one", 3), ("two", 4)):
        file = tmp_path / name / "own" / "home" / "mine.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(f"defaults: [baseline, _self_]\nthreshold: {threshold}\n")
        monkeypatch.chdir(tmp_path / name)
        assert load_config(["home=mine"], config_dir="own").home.threshold == threshold


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_MOST_BASES", 2)
    monkeypatch.setattr(loader, "_MOST_FILES", 5)
    monkeypatch.setattr(loader, "_MOST_STARTS", 1)
    loader.forget()
    for truce in ("literal", "practised", "tolerant"):
        load_config({"truce": truce})
    with loader_for() as ours:
        ours.load_configuration("config", ["hydra/launcher=joblib"], RunMode.RUN)
    assert len(loader._bases) <= 2
    assert len(loader._read) <= 5
    assert len(loader._starts) == 1


@pytest.mark.parametrize(
    "numbers",
    [[2 + i / 700 for i in range(100)], list(range(-50, 60)), [1e-5 * i for i in range(120)],
     [0, -0.0, 1.5e300, 2.5e-7, 10**15] * 20],
    ids=["decimals", "whole", "small", "mixed"],
)  # fmt: skip
def test_a_long_list_of_numbers_is_read_as_hydra_reads_it(numbers: list[float]) -> None:
    token = "home.threshold=" + ",".join(map(repr, numbers))
    quick = loader.parse_token(token)
    assert quick == loader._parser().parse_overrides([token])[0]
    values = quick.value().list
    assert list(map(repr, values)) == list(map(repr, numbers))


@pytest.mark.parametrize("odd", ["007", "1_000", "inf", "x", "1,", "+1", "1.", ".5", "'1'"])
def test_whatever_is_not_a_plain_number_is_left_to_hydra(odd: str) -> None:
    assert loader._long_list("home.threshold=" + ",".join(["1"] * 200 + [odd])) is None
