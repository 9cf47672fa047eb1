"""Compose configurations with Hydra without changing Hydra's global state.

Hydra's own `initialize` and `compose` use global state that the command line or a notebook may
already be using. This module makes its own loader instead, and restores the one remaining global:
the version whose behaviour Hydra imitates.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from truce_sim import files
from truce_sim.compat import has_version_base
from truce_sim.errors import InputError
from truce_sim.settings.nested import get

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from truce_sim.config.loader import Loader

SCHEMA_NAME = "truce_sim_schema"
CONFIG_NAME = "config"

#: The settings `hydra.sweeper.*`, which choose the design of a sweep; by default a full grid.
SWEEPER: dict[str, Any] = {
    "params": {}, "design": "grid", "points": 0, "where": "", "table": "", "action": "run",
}  # fmt: skip

_lock = threading.RLock()


def conf_folder() -> Path:
    """Register the schema with Hydra and return the absolute folder of the configuration."""
    register_schema()
    return files.conf()


def register_schema() -> None:
    """Store the root schema and the settings of a sweep's design where Hydra looks for them."""
    from hydra.core.config_store import ConfigStore

    from truce_sim.settings.schema import Config

    store = ConfigStore.instance()
    if f"{SCHEMA_NAME}.yaml" not in store.repo:
        store.store(name=SCHEMA_NAME, node=_open_to_dates(Config), provider="truce_sim")
        store.store(group="hydra/sweeper", name="truce", node=SWEEPER, provider="truce_sim")


def _open_to_dates(schema: type) -> DictConfig:
    """The schema as Hydra has it, with lists of days whose entries may be dates as well."""
    from omegaconf import OmegaConf

    node: DictConfig = OmegaConf.structured(schema)
    node.mediation.calendar._metadata.element_type = Any
    return node


@contextmanager
def loader_for(config_dir: str | Path | None = None) -> Iterator[Loader]:
    """Yield a Hydra loader for the project's configuration and, after it, `config_dir`.

    Args:
        config_dir: a folder with further options; where both have one by the same name, the
            project's is used.

    Raises:
        InputError: `config_dir` is not a folder.
    """
    from hydra._internal.utils import create_config_search_path
    from hydra.core.config_search_path import SearchPathQuery

    from truce_sim.config.loader import Loader

    with _lock, _version_of_hydra():
        path = create_config_search_path(str(conf_folder()))
        if config_dir is not None:
            folder = f"file://{_folder(config_dir)}"
            path.prepend("command-line", folder, SearchPathQuery(provider="schema"))
        yield Loader(path)


def compose(tokens: Sequence[str], config_dir: str | Path | None = None) -> DictConfig:
    """Compose one configuration, including Hydra's own node.

    Args:
        tokens: overrides in Hydra's syntax.
        config_dir: a folder with further options.

    Raises:
        InputError: `config_dir` is not a folder.
        Exception: whatever Hydra or OmegaConf raise; `config.explain.explain` translates it.
    """
    from hydra.types import RunMode

    with loader_for(config_dir) as loader:
        return loader.load_configuration(CONFIG_NAME, list(tokens), RunMode.RUN, from_shell=False)


@contextmanager
def _version_of_hydra() -> Iterator[None]:
    from hydra import version

    if not has_version_base():
        yield
        return
    store = version.VersionBase.instance()
    before = store.version_base
    version.setbase("1.3")
    try:
        yield
    finally:
        store.version_base = before


def _folder(config_dir: str | Path) -> Path:
    if not isinstance(config_dir, str | PurePath):
        raise InputError(
            "is not a path", setting="config_dir", value=config_dir, allowed="the path of a folder"
        )
    folder = Path(config_dir).expanduser()
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "no such folder"
        raise InputError(problem, setting="config_dir", value=str(config_dir), allowed="a folder")
    return folder.resolve()


def find_origin(path: str, tokens: Sequence[str], runtime: DictConfig) -> str:
    """Say which override or file set the setting at `path`; "" if unknown.

    Args:
        path: of the setting.
        tokens: the overrides that were composed.
        runtime: `hydra.runtime` of the result.
    """
    choices: Mapping[str, Any] = runtime.choices
    for token in reversed(tokens):
        key, _, value = token.lstrip("+~").partition("=")
        chosen = choices.get(key) == value  # chooses an option, whose file set the value
        if not chosen and (path == key or path.startswith((f"{key}.", f"{key}["))):
            return f"override {token}"
    return _find_file(path, runtime)


def named_by_user(path: str, tokens: Sequence[str], runtime: DictConfig) -> bool:
    """Say whether an override or one of the user's files, not one of `conf/`, sets `path`."""
    origin = find_origin(path, tokens, runtime)
    return bool(origin) and not origin.startswith("conf/")


def _find_file(path: str, runtime: DictConfig) -> str:
    """Return the last of the chosen files that sets `path`."""
    choices: Mapping[str, Any] = runtime.choices
    own = path.split(".", 1)[0]
    order = [group for group in choices if group.startswith("experiment")] + ["truce", own]
    for group in order:
        for source in runtime.config_sources:
            file = Path(source.path) / group / f"{choices.get(group)}.yaml"
            if source.schema == "file" and file.is_file() and _sets(file, group, path):
                return f"conf/{group}/{file.name}" if source.provider == "main" else str(file)
    return ""


def _sets(file: Path, group: str, path: str) -> bool:
    from omegaconf import OmegaConf

    text = file.read_text(encoding="utf-8")
    inside = path if "@package _global_" in text else path.removeprefix(f"{group}.")
    bare = inside.split("[", 1)[0]
    return get(OmegaConf.to_container(OmegaConf.load(file), resolve=False), bare) is not None
