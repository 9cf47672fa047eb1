"""`truce-sim border make` and `describe`: a border from a line and events, what the events say."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from truce_sim.cli.arguments import Parser, add_event_filters
from truce_sim.errors import InputError, closest, command


def border(arguments: Sequence[str]) -> int:
    """`truce-sim border ACTION …`: what can be done with a border."""
    action, *rest = arguments or ["--help"]
    if action in ("-h", "--help"):
        for name, function in ACTIONS.items():
            print("truce-sim border", f"{name}: {(function.__doc__ or '').partition(': ')[2]}")
        return 0
    if action not in ACTIONS:
        raise InputError("no such action", value=action, allowed=", ".join(ACTIONS),
                         suggestion=closest(action, ACTIONS))  # fmt: skip
    return ACTIONS[action](rest)


def make(arguments: Sequence[str]) -> int:
    """`truce-sim border make NAME --line FILE`: make a border from a line and an event file."""
    asked = _make_parser().parse_args(arguments)
    from truce_sim.border.make import make_border_folder
    from truce_sim.terminal import clean

    about = {key: getattr(asked, key) for key in ("title", "home", "host", "group", "epoch")}
    about["mediators"] = [name.strip() for name in asked.mediators.split(",") if name.strip()]
    made = make_border_folder(
        asked.name, asked.line, asked.events, out=asked.out, about=about,
        home_side=asked.home_side, home_point=asked.home_point, start=asked.start,
        select=asked.select, gap_km=asked.gap_km, longest=asked.longest,
        segment_km=asked.segment_km, relief=asked.relief, crossings=asked.crossings,
        base=asked.base, since=asked.since, until=asked.until, actor=asked.actor,
        country=asked.country, within_km=asked.within_km, lethal=not asked.with_deathless,
        coarse=asked.coarse,
    )  # fmt: skip
    for sentence in made.account:
        print(clean(sentence))
    print(clean(f"{len(made.segments)} segments → {made.folder.path}"))
    print(clean(f"Look at it: {made.folder.path / 'border.png'}"))
    print(clean(f"Next: {command('run', f'scenario.path={made.folder.path}')}"))
    return 0


def _make_parser() -> Parser:
    parser = Parser("truce-sim border make", description="Make a border folder from a line and an "
                    "event file. Run it with scenario.path=FOLDER.")  # fmt: skip
    parser.add_argument("name", metavar="NAME", help="name of the border")
    add = parser.add_argument
    add("--line", required=True, type=Path, metavar="FILE", help="the line: GeoJSON, GeoPackage, "
        "Shapefile, KML, or a CSV of longitude, latitude in order")  # fmt: skip
    add("--events", type=Path, metavar="FILE", help="UCDP GED or ACLED events, which weight the "
        "segments; default: relief and crossings do, if given")  # fmt: skip
    add("--out", type=Path, metavar="FOLDER", help="new folder; default: borders/NAME")
    add("--home-side", default="", metavar="SIDE", help="side of the home state, from km 0 on: "
        "left or right")  # fmt: skip
    add("--home-point", type=_place, metavar="LON,LAT", help="or a place in the home state; west "
        "of Greenwich with =, as in --home-point=-72.5,7.9")  # fmt: skip
    add("--start", type=_place, metavar="LON,LAT", help="a place near km 0; default: as in the "
        "file")  # fmt: skip
    add("--select", default="", metavar="COLUMN=VALUE", help="features of the line to take")
    add("--gap-km", type=float, default=10.0, metavar="KM", help="join pieces of the line with "
        "ends no farther apart; default: 10")  # fmt: skip
    add("--longest", action="store_true", help="take the longest piece where several remain")
    add("--segment-km", type=float, default=10.0, metavar="KM", help="default: 10")
    add("--relief", type=Path, metavar="FILE", help="CSV of places with ruggedness (0 to 1) or "
        "relief (m)")  # fmt: skip
    add("--crossings", type=Path, metavar="FILE", help="CSV of places with a name")
    add("--base", type=Path, action="append", default=[], metavar="FILE", help="vector file for "
        "the base map: countries, provinces, coast, places; may be repeated")  # fmt: skip
    add_event_filters(parser)
    add("--with-deathless", action="store_true", help="count events without deaths too")
    for key, words in (("title", "name in words"), ("home", "home state"), ("host", "host state"),
                       ("group", "armed group"), ("epoch", "date of day 0, YYYY-MM-DD"),
                       ("mediators", "mediators, separated by commas")):  # fmt: skip
        add(f"--{key}", default="", metavar="TEXT", help=words)
    return parser


def describe(arguments: Sequence[str]) -> int:
    """`truce-sim border describe BORDER --events FILE`: estimate settings from its events."""
    asked = _describe_parser().parse_args(arguments)
    if bool(asked.write) != bool(asked.name):
        raise InputError("belong together", setting="--write, --name",
                         allowed="--write FOLDER --name NAME")  # fmt: skip
    from truce_sim.analysis.describe import describe_border, write_option
    from truce_sim.cli.analysis import print_as
    from truce_sim.cli.printing.describe import print_description

    found = describe_border(
        asked.border, asked.events, since=asked.since, until=asked.until, actor=asked.actor,
        country=asked.country, within_km=asked.within_km, side=asked.side.replace("both", ""),
        delays=asked.delays, coarse=asked.coarse,
    )  # fmt: skip
    file = None
    if asked.write:
        typed = command("border", "describe", *arguments)
        file = write_option(found, asked.name, asked.write, [typed, *found.account])
    if not print_as(found.table, asked.format):
        print_description(found, file)
    return 0


def _describe_parser() -> Parser:
    parser = Parser("truce-sim border describe", description="Estimate from a border's events the "
                    "settings tagged C, with intervals, next to the defaults.")  # fmt: skip
    parser.add_argument("border", metavar="BORDER", help="name of a border, or its folder")
    add = parser.add_argument
    add("--events", type=Path, required=True, metavar="FILE", help="UCDP GED or ACLED events")
    add_event_filters(parser)
    add("--side", choices=("home", "host", "both"), default="home", help="only events on this side "
        "of the line; default: home")  # fmt: skip
    add("--delays", action="store_true", help="let attacks follow launches after the delays of "
        "the model, not on the same day")  # fmt: skip
    add("--write", type=Path, metavar="FOLDER", help="write the estimates as an option of the "
        "group militants, for --config-dir FOLDER")  # fmt: skip
    add("--name", default="", metavar="NAME", help="name of that option: militants=NAME")
    add("--format", choices=("text", "csv", "json"), default="text", help="how to print")
    return parser


def _place(text: str) -> tuple[float, float]:
    """Parse LON,LAT, for argparse."""
    try:
        longitude, latitude = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not longitude,latitude") from None
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):
        raise argparse.ArgumentTypeError(f"{text!r} is not on the earth: longitude comes first")
    return longitude, latitude


ACTIONS: dict[str, Callable[[Sequence[str]], int]] = {"make": make, "describe": describe}
