"""Refuse to add runs to a folder in which the same names stand for something else.

A name whose file was edited would otherwise give rows of two meanings under one label.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from truce_sim.config.load import to_plain
from truce_sim.errors import InputError
from truce_sim.files import BORDER_FILES
from truce_sim.results.sources import CONFIG, digest_table, kept_table
from truce_sim.settings.schema import Config
from truce_sim.sweeps.design.design import Design
from truce_sim.sweeps.design.worlds import OWN_SEEDS
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.manifest import FREE
from truce_sim.sweeps.folder.meaning import Change, Choice, changes, in_words, meanings, tables_of


def refuse_other_settings(folder: SweepFolder, design: Design, shared: Config) -> None:
    """Raise InputError if a folder has another design, other settings or other meanings of names.

    Args:
        folder: the folder to add to.
        design: the points asked for.
        shared: the configuration of the sweep asked for.
    """
    if design.kind != folder.manifest["design"] or design.factors != folder.factors:
        raise InputError(
            f"is a {folder.manifest['design']} sweep of {', '.join(folder.factors) or 'nothing'}",
            setting="output.name", value=shared.output.name,
            allowed=f"the same swept settings, not {', '.join(design.factors) or 'none'} "
            f"({design.kind}); or another name",
        )  # fmt: skip
    tables = folder.manifest.get("tables", {})
    for path, old, new in changes(folder.manifest["config"], to_plain(shared), tables):
        part, _, name = path.partition(".")
        if part == "sweep" and name.split(".")[0] in FREE:
            continue
        raise InputError(
            f"the runs in {folder.path} have {json.dumps(old)}: they cannot be mixed",
            setting=path, value=new,
            allowed="the same as before (to resume or extend it), or another output.name",
            origin=design.compose({}).origin(path) if design.compose else "",
        )  # fmt: skip
    for table in tables_of(design):
        if table in tables and digest_table(table) != tables[table]:
            raise _changed_table(folder, table)
    _refuse_changed_options(folder, design)


def refuse_other_keys(
    folder: SweepFolder, design: Design, asked: Sequence[tuple[object, ...]],
    existing: set[tuple[object, ...]],
) -> None:  # fmt: skip
    """Raise InputError if a point with the same values was run with something else.

    Args:
        folder: the folder to add to.
        design: the points asked for.
        asked: (key, *values) of these points.
        existing: (key, *values) of the points of the folder.
    """
    if design.kind in OWN_SEEDS:  # equal points of different rows have different seeds
        return
    values = {identity[1:] for identity in existing}
    for identity in asked:
        if identity not in existing and identity[1:] in values:
            named = zip(design.factors, identity[1:], strict=True)
            raise InputError(
                f"the runs in {folder.path} of these values had another border or other "
                "parameters: they cannot be mixed with new ones",
                value=" ".join(f"{name}={value}" for name, value in named) or None,
                allowed="the tables and configuration files as they were, or another output.name",
            )


def _refuse_changed_options(folder: SweepFolder, design: Design) -> None:
    """Raise InputError if an option of a swept group no longer means what it did in the folder.

    Points that are not asked for count too: with a changed option, the new ones differ from them.
    """
    bases, tables = folder.manifest["bases"], folder.manifest.get("tables", {})
    today = meanings(design.values, design.base, design.factors)
    before = meanings(folder.design, folder.design["base"].to_numpy(), folder.factors)
    for choice, numbers in before.items():
        if choice in today:
            now = design.bases[today[choice][0]]
        else:
            try:
                now = design.composed(choice).plain
            except InputError:  # its file is gone: nothing new is run with it
                continue
        for number in numbers:
            for change in changes(bases[number], now, tables):
                if not change.setting.startswith("sweep."):
                    raise _changed_option(folder, design, choice, change)


def _changed_option(
    folder: SweepFolder, design: Design, choice: Choice, change: Change
) -> InputError:
    kept = folder.path / CONFIG
    as_it_was = f"--config-dir {kept}, as it was" if kept.is_dir() else "the option as it was"
    return InputError(
        f"the runs in {folder.path} with {in_words(folder.factors, choice)} have "
        f"{json.dumps(change.before)}: they cannot be mixed",
        setting=change.setting, value=change.now,
        allowed=f"{as_it_was}; another name for the new option; or another output.name",
        origin=design.composed(choice).origin(change.setting),
    )  # fmt: skip


def _changed_table(folder: SweepFolder, table: str) -> InputError:
    copy = kept_table(folder.path, table, folder.manifest["tables"])
    setting, what, original = "scenario.table", "table", Path(table).expanduser()
    if not original.exists():
        setting, what = ("scenario.path", "folder") if copy.is_dir() else (setting, "file")
        return InputError(
            f"no such {what}", setting=setting, value=table,
            suggestion=f"{setting}={copy}, the copy that the folder keeps",
        )  # fmt: skip
    if copy.is_dir():
        setting, what, name = "scenario.path", "folder", _first_changed(copy, original)
        copy, original, table = copy / name, original / name, f"{table}/{name}"
    try:
        texts = [p.read_text(encoding="utf-8-sig") for p in (copy, original)]
    except (OSError, ValueError):
        texts = []
    line, was, now = _first_difference(*texts) if texts else (0, "", "")
    return InputError(
        f"it has changed: the runs in {folder.path} have {was!r} where it now has {now!r}; they "
        "cannot be mixed",
        setting=setting, value=table, origin=f"{table} line {line}",
        allowed=f"the {what} as it was ({copy}), another name for the new one, or another "
        "output.name",
    )  # fmt: skip


def _first_changed(before: Path, now: Path) -> str:
    """The first file of a border folder that has changed."""
    digests = (
        (name, *(digest_table(str(f / name)) for f in (before, now))) for name in BORDER_FILES
    )
    return next((name for name, was, is_now in digests if was != is_now), BORDER_FILES[0])


def _first_difference(before: str, now: str) -> tuple[int, str, str]:
    """Number and text of the first line that differs."""
    pairs = zip_longest(before.splitlines(), now.splitlines(), fillvalue="")
    for line, (was, is_now) in enumerate(pairs, 1):
        if was != is_now:
            return line, was, is_now
    return 0, "", ""
