"""A faster Hydra loader, which parses each token once, and reads and composes each file once.

Composing takes Hydra about 50 ms, nearly all of it for the part that the choice of config groups
alone determines. That part, the *base*, is cached until one of its files changes; single values are
then set on a copy. Each file is cached too, since many bases share it, and so is what all files up
to `config.yaml` give together. `forget` empties the caches.
"""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, IConfigRepository
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, OverrideType, ValueType
from hydra.core.utils import JobRuntime
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from truce_sim.compat import has_version_base
from truce_sim.config.resolvers import refuse_resolvers
from truce_sim.files import conf

_MOST_TOKENS = 4096
_MOST_BASES = 256
_MOST_FILES = 256
_MOST_STARTS = 16

#: A hundred numbers or more, written in forms that Hydra and Python read alike.
_NUMBER = r"-?(?:0|[1-9]\d{0,15})(?:\.\d+(?:e[+-]?\d+)?)?"
_NUMBERS = re.compile(rf"([A-Za-z]\w*(?:\.\w+)*)=({_NUMBER}(?:,{_NUMBER}){{99,}})", re.ASCII)

Copied = TypeVar("Copied")
Choice = tuple[object, ...]
State = tuple[int, ...] | None
Stamp = tuple[State, ...]


@dataclass(frozen=True)
class _Base:
    """A composed configuration, with the files it was made from and their state.

    Attributes:
        copy: returns a copy of the configuration.
        files: names of the files that were looked for.
        stamp: the state of the files with these names.
        own: `group/option.yaml` -> file, of the files that do not come with the program.
    """

    copy: Callable[[], DictConfig]
    files: tuple[str, ...]
    stamp: Stamp
    own: Mapping[str, Path]


_bases: dict[Choice, _Base] = {}

#: (scheme, folder, name) -> the state of a file, and a function that returns a copy of its content.
_read: dict[tuple[str, str, str], tuple[State, Callable[[], ConfigResult]]] = {}

#: The files composed first, with their state -> a function that returns a copy of what they give.
_starts: dict[Choice, Callable[[], DictConfig]] = {}


def forget() -> None:
    """Drop everything cached by earlier parsing, reading and composing."""
    _bases.clear()
    _starts.clear()
    _read.clear()
    parse_token.cache_clear()


@cache
def _parser() -> OverridesParser:
    return OverridesParser.create()


@lru_cache(_MOST_TOKENS)
def parse_token(token: str) -> Override:
    """Parse an override; the result is shared, so do not change it.

    Raises:
        HydraException: bad syntax.
        InputError: its value would be read from outside the configuration.
    """
    many = _long_list(token)
    if many:
        return many
    override = _parser().parse_overrides([token])[0]
    key, where = override.key_or_group, f"override {token}"
    if override.is_sweep_override():
        refuse_resolvers(token.partition("=")[2], key, where, escapes=False)
    else:
        refuse_resolvers(override.value(), key, where)
    return override


def _long_list(token: str) -> Override | None:
    """Parse a long list of plain numbers, which takes Hydra minutes; None for anything else."""
    found = _NUMBERS.fullmatch(token)
    if not found:
        return None
    words = found[2].split(",")
    values: list[Any] = [float(word) if "." in word else int(word) for word in words]
    sweep = ChoiceSweep(tags=set(), list=values, simple_form=True)
    return Override(
        type=OverrideType.CHANGE, key_or_group=found[1], _value=sweep,
        value_type=ValueType.SIMPLE_CHOICE_SWEEP, input_line=token,
    )  # fmt: skip


class _Repository(CachingConfigRepository):
    """The files of the configuration, each checked for references to anything outside it."""

    def __init__(self, delegate: IConfigRepository) -> None:
        self.delegate = copy.copy(delegate)  # Hydra's deep copy takes as long as reading all files
        self.cache = {}
        self.states: dict[str, Choice] = {}  #: file read -> its source and state

    def load_config(self, config_path: str) -> ConfigResult | None:
        if config_path not in self.cache:
            self.cache[config_path] = self._load(config_path)
        return self.cache[config_path]

    def _load(self, config_path: str) -> ConfigResult | None:
        """Read a file, or copy what was read before: Hydra changes its results."""
        source = next((one for one in self.get_sources() if one.is_config(config_path)), None)
        if source is None:
            return None
        key = (source.scheme(), source.path, config_path)
        name = ConfigSource._normalize_file_name(config_path)
        state = _state(Path(source.path, name)) if source.scheme() == "file" else None
        self.states[config_path] = (*key, state)
        if key not in _read or _read[key][0] != state:
            found = self.delegate.load_config(config_path)
            assert found is not None
            if source.scheme() == "file":
                _check_file(found, config_path)
            if len(_read) >= _MOST_FILES:
                _read.clear()
            _read[key] = state, copies(found)
        return _read[key][1]()


def _check_file(found: ConfigResult, config_path: str) -> None:
    """Refuse a file that reads from outside, in its values or in its defaults list."""
    content = OmegaConf.to_container(found.config, resolve=False)
    package = found.header.get("package")
    inside = config_path.rpartition("/")[0].replace("/", ".") if package is None else package
    origin = f"{found.path.removeprefix('file://')}/{config_path.removesuffix('.yaml')}.yaml"
    refuse_resolvers(content, inside.removeprefix("_global_").removeprefix("."), origin)
    defaults = [[str(part) for part in vars(entry).values()] for entry in found.defaults_list or ()]
    refuse_resolvers(defaults, "defaults", origin)


#: Stands for the files composed first.
_START = ResultDefault()


class Loader(ConfigLoaderImpl):
    """A Hydra loader that caches bases.

    Attributes:
        own_files: `group/option.yaml` -> file, of all files used so far that do not come with the
            program.
    """

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        super().__init__(config_search_path)
        self.own_files: dict[str, Path] = {}
        self._asked: Mapping[str, ConfigResult | None] = {}  # by the latest composition

    def parse(self, tokens: Sequence[str]) -> list[Override]:
        """Parse tokens; overrides of the form `glob(*)` see this loader's options.

        Raises:
            HydraException: bad syntax.
        """
        return [replace(parse_token(token), config_loader=self) for token in tokens]

    def _load_configuration_impl(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
        **more: Any,  # of Hydra 1.4
    ) -> DictConfig:
        parsed = self.parse(overrides)
        if validate_sweep_overrides:
            self.validate_sweep_overrides_legal(parsed, run_mode, from_shell)
        if any(o.key_or_group == "hydra.searchpath" for o in parsed):  # other files apply
            config = super()._load_configuration_impl(
                config_name, overrides, run_mode, from_shell, validate_sweep_overrides, **more
            )
            self.own_files |= _own_files(self._asked)
            return config
        values, choices = self._sort(parsed)
        config = self._copy_of_base(config_name, choices, run_mode)
        self._apply_overrides_to_config(values, config)
        _note(parsed, config)
        return config

    def _sort(self, parsed: Sequence[Override]) -> tuple[list[Override], list[str]]:
        """Split overrides into values and choices of config groups, as Hydra does; skip sweeps."""
        values, choices = [], []
        for override in parsed:
            if override.is_sweep_override():
                continue
            if isinstance(override.value(), dict) or not self._is_group(override.key_or_group):
                values.append(override)
            else:
                choices.append(str(override.input_line))
        return values, choices

    def _is_group(self, key: str) -> bool:
        return bool(self.repository.group_exists(key))

    def _copy_of_base(
        self, config_name: str | None, choices: list[str], run_mode: RunMode
    ) -> DictConfig:
        sources = [(source.scheme(), source.path) for source in self.repository.get_sources()]
        key = (*sources, config_name, *choices, run_mode, JobRuntime.instance().get("name"))
        base = _bases.get(key)
        if base is None or base.stamp != self._stamp(base.files):
            base = self._compose_base(config_name, choices, run_mode)
            if len(_bases) >= _MOST_BASES:
                _bases.clear()
            _bases[key] = base
        self.own_files |= base.own
        return base.copy()

    def _compose_base(
        self, config_name: str | None, choices: list[str], run_mode: RunMode
    ) -> _Base:
        config = super()._load_configuration_impl(config_name, choices, run_mode)
        files = tuple(self._asked)
        return _Base(copies(config), files, self._stamp(files), _own_files(self._asked))

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: IConfigRepository
    ) -> DictConfig:
        """Compose files in this order; those up to the main one are composed once for all bases."""
        assert isinstance(repo, _Repository)
        first = 1 + next((i for i, default in enumerate(defaults) if default.primary), -1)
        key = tuple((str(one), repo.states[str(one.config_path)]) for one in defaults[:first])
        if key not in _starts:
            if len(_starts) >= _MOST_STARTS:
                _starts.clear()
            start = super()._compose_config_from_defaults_list(defaults[:first], repo)
            _starts[key] = copies(start)
        self._start = ConfigResult("start", "start", _starts[key](), {"package": ""})
        return super()._compose_config_from_defaults_list([_START, *defaults[first:]], repo)

    def _load_single_config(self, default: ResultDefault, repo: IConfigRepository) -> ConfigResult:
        if default is _START:
            return self._start
        return super()._load_single_config(default, repo)

    def _parse_overrides_and_create_caching_repo(
        self, config_name: str | None, overrides: list[str], *more: Any
    ) -> tuple[list[Override], CachingConfigRepository]:
        parsed = self.parse(overrides)
        repository = _Repository(self.repository)
        self._asked = repository.cache
        self._process_config_searchpath(config_name, parsed, repository)
        return parsed, repository

    def _stamp(self, files: Sequence[str]) -> Stamp:
        """The state of these files in every folder that may hold them; None for missing ones."""
        folders = [s.path for s in self.repository.get_sources() if s.scheme() == "file"]
        names = [ConfigSource._normalize_file_name(file) for file in files]
        return tuple(_state(Path(folder, name)) for folder in folders for name in names)


def copies(value: Copied) -> Callable[[], Copied]:
    """Return a function that copies a value: unpickling takes a seventh of the time of
    `deepcopy`."""
    try:
        pickled = pickle.dumps(value)
    except pickle.PicklingError:  # Hydra has read a plugin again: its class is another by that name
        return lambda: copy.deepcopy(value)
    return lambda: pickle.loads(pickled)


def _own_files(asked: Mapping[str, ConfigResult | None]) -> dict[str, Path]:
    """The files among those found that are not in the program's own folder."""
    own = {}
    for name, found in asked.items():
        scheme, _, folder = (found.path if found else "").partition("://")
        if scheme == "file" and Path(folder) != conf():
            file = ConfigSource._normalize_file_name(name)
            own[file] = Path(folder, file)
    return own


def _state(path: Path) -> State:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _note(parsed: Sequence[Override], config: DictConfig) -> None:
    """Record the overrides in Hydra's node, as Hydra does at the end."""
    node = config.hydra
    of_ours = [o for o in parsed if not o.is_hydra_override()]
    node.overrides.hydra = [o.input_line for o in parsed if o.is_hydra_override()]
    node.overrides.task = [o.input_line for o in of_ours]
    node.runtime.cwd = str(Path.cwd())
    if has_version_base():  # 1.4 makes the name when it is asked for
        form = node.job.config.override_dirname
        kept = (o.input_line or "" for o in of_ours if o.key_or_group not in form.exclude_keys)
        node.job.override_dirname = form.item_sep.join(sorted(kept)).replace("=", form.kv_sep)
