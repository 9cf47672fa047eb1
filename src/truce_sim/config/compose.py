"""Composing a configuration with Hydra, without touching Hydra's global state.

Hydra's own `initialize` and `compose` work through a global that can be in use already, by the
command line or by a notebook. Here a loader is made for the purpose, and the one global that
remains, the version whose behaviour Hydra is to show, is put back afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
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

#: What chooses the design of a sweep, `hydra.sweeper.*`, with the defaults: a plain grid.
SWEEPER: dict[str, Any] = {
    "params": {}, "design": "grid", "points": 0, "where": "", "table": "", "action": "run",
}  # fmt: skip

_lock = threading.RLock()


def conf_folder() -> Path:
    """Return the absolute folder of the project's configuration, and tell Hydra of its schema."""
    register_schema()
    return files.conf()


def register_schema() -> None:
    """Store the root schema, and the settings of a sweep's design, where Hydra looks for them."""
    from hydra.core.config_store import ConfigStore

    from truce_sim.settings.schema import Config

    store = ConfigStore.instance()
    if f"{SCHEMA_NAME}.yaml" not in store.repo:
        store.store(name=SCHEMA_NAME, node=Config, provider="truce_sim")
        store.store(group="hydra/sweeper", name="truce", node=SWEEPER, provider="truce_sim")


@contextmanager
def loader_for(config_dir: str | Path | None = None) -> Iterator[Loader]:
    """Yield a Hydra loader of the project's configuration, and of `config_dir` after it.

    Options in `config_dir` are added to ours; those of the same name stay ours.

    Raises:
        InputError: `config_dir` is no folder.
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
    """Compose one configuration, Hydra's own node included.

    Raises:
        InputError: `config_dir` is no folder.
        Exception: whatever Hydra or OmegaConf raise; `truce_sim.explain.explain` reads it.
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
    folder = Path(config_dir).expanduser()
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "no such folder"
        raise InputError(problem, setting="config_dir", value=str(config_dir), allowed="a folder")
    return folder.resolve()


def find_origin(path: str, tokens: Sequence[str], composed: DictConfig) -> str:
    """Return where the setting at `path` got its value: an override or a file; "" if unknown."""
    choices: Mapping[str, Any] = composed.hydra.runtime.choices
    for token in reversed(tokens):
        key, _, value = token.lstrip("+~").partition("=")
        chosen = choices.get(key) == value  # an option: it is its file that set the value
        if not chosen and (path == key or path.startswith((f"{key}.", f"{key}["))):
            return f"override {token}"
    return _find_file(path, composed)


def _find_file(path: str, composed: DictConfig) -> str:
    """Return the file, of those whose choice made `composed`, that sets `path` and won."""
    choices: Mapping[str, Any] = composed.hydra.runtime.choices
    own = path.split(".", 1)[0]
    order = [group for group in choices if group.startswith("experiment")] + ["truce", own]
    for group in order:
        for source in composed.hydra.runtime.config_sources:
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
