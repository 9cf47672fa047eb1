"""The commands that answer questions: summary, compare, report, export and validate.

Each takes its own arguments and returns exit code 0. Bad input raises InputError.
"""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from truce_sim.cli.arguments import Parser, add_event_filters, count, folder_parser
from truce_sim.errors import InputError

if TYPE_CHECKING:
    from argparse import Namespace

    import pandas as pd

    from truce_sim.analysis.compare import Comparison
    from truce_sim.sweeps.sweep import Sweep

_FORMATS = ("text", "csv", "json")
#: By default `summary` groups by every factor, up to this number of groups.
_MAX_GROUPS = 24


def summary(arguments: Sequence[str]) -> int:
    """`truce-sim summary DIR [--by FACTOR]`: how long truces last, with intervals."""
    parser = folder_parser("summary", "Show how long truces last, grouped by factor levels.")
    parser.add_argument("--by", action="append", default=[], metavar="FACTOR",
                        help="group by this factor; may be repeated")  # fmt: skip
    _add_common(parser)
    asked = parser.parse_args(arguments)
    from truce_sim.analysis.survival import survival_summary
    from truce_sim.cli.printing.analysis import print_summary
    from truce_sim.sweeps.sweep import open_sweep

    sweep = open_sweep(asked.dir)
    by = asked.by or _default_groups(sweep)
    table = survival_summary(sweep, by, _parse_where(asked.where))
    if not print_as(table, asked.format):
        print_summary(sweep, table, by, _parse_where(asked.where))
    return 0


def _default_groups(sweep: Sweep) -> list[str]:
    """All factors if they make few groups, otherwise none; over a posterior, the policies."""
    from truce_sim.analysis.worlds import is_over_worlds, policies

    if is_over_worlds(sweep):
        return policies(sweep)
    return list(sweep.factors) if len(sweep.folder.design) <= _MAX_GROUPS else []


def compare_command(arguments: Sequence[str]) -> int:
    """`truce-sim compare DIR [FACTOR]`: levels against a baseline, or two points, in words."""
    parser = folder_parser(
        "compare", "Compare a factor's levels with a baseline, or two points, paired run by run."
    )
    parser.add_argument("factor", nargs="?", default="", metavar="FACTOR",
                        help="factor to compare; default: sweep.compare")  # fmt: skip
    parser.add_argument("--baseline", metavar="LEVEL", help="baseline level; default: the first")
    parser.add_argument("--pooled", action="store_true", help="average over the other factors")
    parser.add_argument("--point", metavar="POINT",
                        help="compare this point: its number, or SETTING=VALUE,…")  # fmt: skip
    parser.add_argument("--against", metavar="POINT", help="the point to compare it with")
    _add_common(parser)
    asked = parser.parse_args(arguments)
    from truce_sim.analysis.worlds import is_over_worlds
    from truce_sim.cli.printing.analysis import print_comparison
    from truce_sim.sweeps.sweep import open_sweep

    sweep = open_sweep(asked.dir)
    if is_over_worlds(sweep) and asked.point is None and asked.against is None:
        return _compare_worlds(sweep, asked)
    comparison = _compared(sweep, asked)
    if not print_as(comparison.pooled if asked.pooled else comparison.table, asked.format):
        print_comparison(sweep, comparison, asked.pooled)
    return 0


def _compare_worlds(sweep: Sweep, asked: Namespace) -> int:
    """Compare the levels of a policy world by world."""
    from truce_sim.analysis.worlds import over_worlds
    from truce_sim.cli.printing.analysis import print_over_worlds

    for name in ("pooled", "where"):
        if getattr(asked, name):
            raise InputError("has no effect on a sweep over a posterior", setting=f"--{name}",
                             allowed="FACTOR, --baseline, or --point with --against")  # fmt: skip
    table = over_worlds(sweep, asked.factor, asked.baseline)
    if not print_as(table, asked.format):
        print_over_worlds(sweep, table, asked.factor)
    return 0


def _compared(sweep: Sweep, asked: Namespace) -> Comparison:
    """Compare what was asked for: the levels of a factor, or two points."""
    from truce_sim.analysis.compare import compare
    from truce_sim.analysis.points import compare_points

    if asked.point is None and asked.against is None:
        return compare(sweep, asked.factor, asked.baseline, _parse_where(asked.where))
    for name in ("factor", "baseline", "pooled", "where"):
        if getattr(asked, name):
            raise InputError(
                "has no effect on a comparison of two points",
                setting=name if name == "factor" else f"--{name}", value=getattr(asked, name),
                allowed="--point POINT --against POINT",
            )  # fmt: skip
    for name in ("point", "against"):
        if getattr(asked, name) is None:
            raise InputError(
                "is missing: a point is compared with another", setting=f"--{name}",
                allowed="--point POINT --against POINT",
            )  # fmt: skip
    return compare_points(sweep, _parse_point(asked.point), _parse_point(asked.against))


def _parse_point(text: str) -> int | dict[str, object]:
    """Parse a point: its number, or `truce=literal,home.threshold=5`."""
    if text.isdecimal():
        return int(text)
    starts = re.split(r",(?=[\w.]+=)", text)
    if not all(re.match(r"[\w.]+=", part) for part in starts):
        raise InputError(
            "is not a point", setting="--point", value=text,
            allowed="a number, or SETTING=VALUE,SETTING=VALUE",
        )  # fmt: skip
    return _parse_where(starts)


def report(arguments: Sequence[str]) -> int:
    """`truce-sim report DIR`: one HTML file with the answer, its figures and what it rests on."""
    parser = folder_parser("report", "Write one HTML file with the answer and what it rests on.")
    parser.add_argument("--out", type=Path, metavar="FILE",
                        help="file to write; default: DIR/report.html")  # fmt: skip
    parser.add_argument("--figures", type=Path, metavar="FOLDER",
                        help="new folder for every figure as SVG and PNG")  # fmt: skip
    parser.add_argument("--factor", default="", help="factor to compare; default: sweep.compare")
    parser.add_argument("--baseline", metavar="LEVEL", help="baseline level; default: the first")
    parser.add_argument("--open", action="store_true", help="open the report in the browser")
    asked = parser.parse_args(arguments)
    from truce_sim.analysis.report.write import write_report
    from truce_sim.cli.printing.analysis import print_report
    from truce_sim.sweeps.sweep import open_sweep
    from truce_sim.terminal import StepBar

    sweep = open_sweep(asked.dir)
    with StepBar(lines=False) as bar:
        path = write_report(sweep, asked.out, asked.factor, asked.baseline, bar.step, asked.figures)
    print_report(path, sweep)
    if asked.figures:
        print(f"Figures: {asked.figures}")
    if asked.open:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
    return 0


def export(arguments: Sequence[str]) -> int:
    """`truce-sim export DIR --to FORMAT`: runs and points for Excel, Stata, SPSS and others."""
    parser = folder_parser("export", "Write the runs and points of a sweep for other programs.")
    parser.add_argument("--to", required=True, metavar="FORMAT",
                        help="csv, xlsx (Excel), dta (Stata) or sav (SPSS); for maps of the events "
                        "geojson or gpkg (QGIS)")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FOLDER",
                        help="new folder to write into; default: DIR/export-FORMAT")  # fmt: skip
    asked = parser.parse_args(arguments)
    from truce_sim.analysis.export import export_sweep
    from truce_sim.sweeps.sweep import open_sweep

    for path in export_sweep(open_sweep(asked.dir), asked.to, asked.out):
        print(path)
    return 0


def validate_command(arguments: Sequence[str]) -> int:
    """`truce-sim validate [overrides]`: the model against the record, pattern by pattern."""
    parser = Parser(
        "truce-sim validate", description="Test the model against the record, pattern by pattern."
    )
    parser.add_argument("overrides", nargs="*", metavar="setting=value",
                        help="settings that differ from the defaults")  # fmt: skip
    parser.add_argument("--replicates", type=count, default=2000, metavar="N",
                        help="truces to run; a fifth of them for patterns of violence")  # fmt: skip
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="event data to compute "
                        "references from; default: the folder named by TRUCE_SIM_SOURCES, else "
                        "the figures recorded in the package")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write runs, table and "
                        "figure; default: outputs/validation, plus the settings")  # fmt: skip
    parser.add_argument("--format", choices=_FORMATS, default="text", help="default: text")
    parser.add_argument("--border", metavar="BORDER", help="border to run on and to judge by its "
                        "own events: a name that comes with the program, or a folder")  # fmt: skip
    parser.add_argument("--events", type=Path, metavar="FILE", help="UCDP GED or ACLED events "
                        "near that border, to compute references from")  # fmt: skip
    add_event_filters(parser)
    asked = parser.parse_args(arguments)
    from truce_sim.analysis.report.validation import write_validation
    from truce_sim.analysis.validation import gather, score_patterns
    from truce_sim.cli.printing.analysis import print_validation

    overrides = [*_border_override(asked.border), *asked.overrides]
    data, fresh = _references(asked, overrides)  # refused before anything is run
    folder = asked.out or Path("outputs") / _folder_name("validation", overrides)
    table = score_patterns(gather(folder, overrides, asked.replicates, progress=True), fresh)
    write_validation(table, folder)
    if not print_as(table, asked.format):
        print_validation(table, data, folder)
    return 0


def _border_override(border: str | None) -> list[str]:
    """The override that runs on a border given by its name or folder."""
    from truce_sim.config.tokens import text_token
    from truce_sim.files import shipped_borders

    if border is None:
        return []
    shipped = border in shipped_borders()
    return [f"scenario={border}" if shipped else text_token("scenario.path", border)]


def _references(asked: Namespace, overrides: list[str]) -> tuple[Path | None, pd.DataFrame | None]:
    """The folder of event data, and the references computed from events near a configuration's
    border."""
    from truce_sim.analysis.validation import default_data, measure_events, measured
    from truce_sim.border.folder import folder_of
    from truce_sim.config.load import load_config
    from truce_sim.files import BORDERS

    border = folder_of(load_config(overrides).scenario)
    durand = border is not None and border.path == BORDERS / "durand"
    if asked.events and asked.data:
        raise InputError("cannot be given with --data", setting="--events", value=str(asked.events))
    if asked.data and not durand:
        raise InputError("holds events of the Durand line, which cannot judge another border",
                         setting="--data", value=str(asked.data), allowed="--events")  # fmt: skip
    filters = {name: getattr(asked, name) for name in ("since", "until", "actor", "country")}
    filters |= {"coarse": asked.coarse} if asked.coarse != "first" else {}
    if asked.events:
        if border is None:
            raise InputError("needs a border that lies somewhere", setting="--events",
                             value=str(asked.events), allowed="--border")  # fmt: skip
        fresh = measure_events(asked.events, border="durand" if durand else border.path,
                               within_km=asked.within_km, **filters)  # fmt: skip
        print(fresh["source"].iloc[0], file=sys.stderr)
        return asked.events, fresh
    if any(filters.values()):
        names = ", ".join(f"--{name}" for name in filters if filters[name])
        raise InputError("has no effect without --events", setting=names)
    data = (asked.data or default_data()) if durand else None
    return data, None if data is None else measured(data)


def _folder_name(name: str, overrides: Sequence[str]) -> str:
    """Make a folder name that differs between settings."""
    return re.sub(r"[^\w.=,-]", "_", "-".join([name, *overrides]))


def _add_common(parser) -> None:  # type: ignore[no-untyped-def]
    parser.add_argument("--where", action="append", default=[], metavar="FACTOR=LEVEL",
                        help="use only these runs; may be repeated")  # fmt: skip
    parser.add_argument("--format", choices=_FORMATS, default="text", help="default: text")


def _parse_where(words: Sequence[str]) -> dict[str, object]:
    """Parse FACTOR=LEVEL conditions into a mapping."""
    for word in words:
        if "=" not in word:
            raise InputError("is not a level of a factor", setting="--where", value=word,
                             allowed="FACTOR=LEVEL, such as truce=literal")  # fmt: skip
    pairs = (word.split("=", 1) for word in words)
    return {name: level for name, level in pairs}  # noqa: C416


def print_as(table: pd.DataFrame, form: str) -> bool:
    """Print a table as CSV or JSON if requested; return whether it was printed."""
    from truce_sim.results.spreadsheets import as_csv
    from truce_sim.terminal import clean

    if form == "csv":
        print(clean(as_csv(table)), end="")
    elif form == "json":
        rows = json.loads(table.to_json(orient="records", double_precision=15))
        print(clean(json.dumps(rows, indent=2, ensure_ascii=False)))
    return form != "text"


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "summary": summary,
    "compare": compare_command,
    "report": report,
    "export": export,
    "validate": validate_command,
}
