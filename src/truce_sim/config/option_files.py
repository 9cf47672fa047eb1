"""Files read as plain values: one in `conf/` by its name, or the user's own by its path."""

from __future__ import annotations

from pathlib import Path

from truce_sim.config.compose import conf_folder
from truce_sim.config.options import options_of
from truce_sim.errors import InputError, closest


def option_file(group: str, name: str, kind: str) -> Path:
    """Return the file of an option, or the user's own file.

    Args:
        group: a folder of `conf/`, and the setting that messages name.
        name: an option of it, or a path.
        kind: what such a file is, for messages: "prior".

    Raises:
        InputError: there is neither.
    """
    options = options_of(group)
    if name in options:
        return conf_folder() / group / f"{name}.yaml"
    path = Path(name).expanduser()
    if path.is_file():
        return path
    raise InputError(
        f"no such {kind}", setting=group, value=name,
        allowed=f"{', '.join(options)}; or the path of a file like conf/{group}/{options[0]}.yaml",
        suggestion=closest(name, options),
    )  # fmt: skip


def plain_values(path: Path, group: str, allowed: str = "") -> object:
    """Return what a YAML file holds; references in it are not followed.

    Args:
        path: the file.
        group: the setting that messages name.
        allowed: what such a file may hold, for messages.

    Raises:
        InputError: it cannot be read.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError  # type: ignore[import-untyped]

    try:
        return OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    except (YAMLError, OmegaConfBaseException, UnicodeDecodeError, OSError) as error:
        line = str(error).strip().partition("\n")[0]
        raise InputError(
            f"cannot be read: {line}", setting=group, value=str(path), allowed=allowed
        ) from None
