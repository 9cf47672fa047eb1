"""Make the borders that come with the program from their sources, except the Durand line.

    python tools/borders.py SOURCES NATURAL_EARTH [NAME …]

SOURCES is the folder of the source tables (TRUCE_SIM_SOURCES), NATURAL_EARTH one with the files
that `basemap.py` needs. Each border gets its folder in src/truce_sim/data/borders, with a README,
and its option in conf/scenario. No event rows are kept, only numbers of events by segment.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from truce_sim.border.make import make_border_folder

REPOSITORY = Path(__file__).resolve().parents[1]
BORDERS = REPOSITORY / "src" / "truce_sim" / "data" / "borders"
LINES, RELIEF = "conflict_lines.geojson", "conflict_lines_10km.csv"
KEPT = ("segments.csv", "line.geojson", "border.yaml")
UCDP = (
    'UCDP GED, CC BY 4.0: Sundberg, R. and Melander, E. (2013), "Introducing the UCDP '
    'Georeferenced Event Dataset", *Journal of Peace Research* 50(4); for the candidate release, '
    'Hegre, H. et al. (2020), "Introducing the UCDP Candidate Events Dataset", *Research & '
    "Politics* 7(3)"
)


@dataclass(frozen=True)
class Case:
    """A border: its line and events in the sources, its parties, and what the model leaves out.

    Attributes:
        line: `line_id` in the sources.
        about: title, home, host, group, mediators, epoch.
        home_point: a place in the home state.
        start: a place near km 0.
        left_out: what the model does not have.
        events: file and filters; none: weights follow relief and crossings.
        crossings: (name, longitude, latitude), recalled, ±5–20 km.
        longest: whether only the longest piece is taken.
    """

    line: str
    about: dict[str, object]
    home_point: tuple[float, float]
    start: tuple[float, float]
    left_out: str
    events: str = ""
    filters: dict[str, str] = field(default_factory=dict)
    crossings: tuple[tuple[str, float, float], ...] = ()
    longest: bool = False
    segment_km: float = 10.0


CASES = {
    "line_of_control": Case(
        "ind_pak_loc",
        {"title": "Line of Control", "home": "India", "host": "Pakistan",
         "group": "armed groups in Jammu and Kashmir", "mediators": [], "epoch": "2003-11-26"},
        (77.2, 28.6), (77.05, 35.11),
        "Most of the violence was fire between the two armies across the line, in both directions; "
        "in the model, clashes between posts are rare and the group is what breaks the truce. The "
        "event rows are those on the Pakistan-controlled side only, so weights say nothing about "
        "the other side. Who is home and who is host follows the model's roles, in which one state "
        "holds the other responsible for a group.",
        "ucdp_ged_loc_pakistan_side_1989_2021.csv", {"actor": "India"},
        (("Uri-Chakothi", 73.93, 34.09), ("Poonch-Rawalakot", 74.05, 33.80)),
    ),
    "israel_lebanon": Case(
        "isr_lbn",
        {"title": "Israel-Lebanon line", "home": "Israel", "host": "Lebanon", "group": "Hezbollah",
         "mediators": ["United States", "France"], "epoch": "2024-11-27"},
        (35.0, 32.0), (35.10, 33.09),
        "The group's means are rockets and drones more than bands on foot, and reach far beyond "
        "the model's home side; strikes into the host state are daily rather than rare, and "
        "nearly all event rows are such strikes, one quarter long. The eastern part of the "
        "line (Shebaa, Ghajar) runs along the Golan.",
        "ucdp_candidate_2026q1_other_lines.csv", {"actor": "Hezbollah"}, segment_km=5.0,
    ),
    "armenia_azerbaijan": Case(
        "arm_aze",
        {"title": "Armenia-Azerbaijan boundary", "home": "Armenia", "host": "Azerbaijan",
         "group": "", "mediators": ["United States"], "epoch": "2025-08-08"},
        (44.5, 40.2), (45.0, 41.3),
        "There is no third party: the truce is between two armies, and the model's group stands "
        "for incidents that neither government admits. Home and host are set by alphabet alone. "
        "The Nakhchivan part of the boundary and the exclaves are left out.",
        longest=True,
    ),
    "thailand_cambodia": Case(
        "tha_khm",
        {"title": "Thailand-Cambodia boundary", "home": "Thailand", "host": "Cambodia", "group": "",
         "mediators": ["Malaysia", "United States", "China"], "epoch": "2025-12-27"},
        (100.5, 13.75), (102.92, 11.64),
        "There is no third party: the truce is between two armies, and the model's group stands "
        "for incidents that neither government admits (mines, shots of unknown origin). Home "
        "and host could as well be the other way round.",
        crossings=(("Hat Lek-Cham Yeam", 102.92, 11.65), ("Aranyaprathet-Poipet", 102.55, 13.66),
                   ("Chong Chom-O Smach", 103.70, 14.44), ("Chong Sa-Ngam", 104.07, 14.36)),
    ),
    "congo_rwanda": Case(
        "cod_rwa",
        {"title": "DR Congo-Rwanda boundary", "home": "DR Congo", "host": "Rwanda",
         "group": "AFC/M23", "mediators": ["United States", "Qatar"], "epoch": "2025-06-27"},
        (26.0, -2.0), (29.6, -1.4),
        "The group holds towns and territory on the home side, which the model's bands do not; "
        "there is a second group with the roles reversed (FDLR, in DR Congo, opposed to Rwanda). "
        "Rwanda denies the support that UN experts report. The event rows are of one quarter.",
        "ucdp_candidate_2026q1_other_lines.csv", {"actor": "AFC"},
        (("Goma-Gisenyi", 29.25, -1.70), ("Bukavu-Cyangugu", 28.89, -2.49)),
    ),
}  # fmt: skip


def main() -> None:
    """Make the borders named, or all."""
    sources, natural_earth, *names = sys.argv[1:]
    for name in names or CASES:
        folder = make(name, Path(sources), BORDERS / name)
        make_base(folder, Path(natural_earth))
        text = (
            f"# {CASES[name].about['title']}; sources in its README, src/truce_sim/data/borders.\n"
        )
        text += f'kind: {name}\npath: ""\ntable: ""\n'
        (REPOSITORY / "conf" / "scenario" / f"{name}.yaml").write_text(text, encoding="utf-8")


def make(name: str, sources: Path, folder: Path) -> Path:
    """Make the folder of a border, without its base map."""
    case = CASES[name]
    with tempfile.TemporaryDirectory() as place:
        gates = Path(place) / "crossings.csv"
        with gates.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("name", "longitude", "latitude"), *case.crossings])
        made = make_border_folder(
            name, sources / LINES, sources / case.events if case.events else None,
            out=Path(place) / name, about=case.about, home_point=case.home_point,
            start=case.start, select=f"line_id={case.line}", longest=case.longest,
            segment_km=case.segment_km, relief=sources / RELIEF,
            crossings=gates if case.crossings else None, **case.filters,
        )  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        for file in KEPT:
            shutil.copyfile(made.folder.path / file, folder / file)
        shutil.copyfile(
            made.folder.path / "border.png", Path(tempfile.gettempdir()) / f"{name}.png"
        )
    (folder / "README.md").write_text(readme(case, made.account), encoding="utf-8")
    return folder


def make_base(folder: Path, natural_earth: Path) -> None:
    """Make the base map of a border."""
    script = Path(__file__).with_name("basemap.py")
    subprocess.run([sys.executable, str(script), str(folder), str(natural_earth)], check=True)


def readme(case: Case, account: list[str]) -> str:
    """Return the README of a border: its parties, sources, account, and what is left out."""
    about = case.about
    mediators = ", ".join(map(str, about["mediators"])) or "none named"  # type: ignore[call-overload]
    parties = [
        f"- home: {about['home']}; host: {about['host']}; group: {about['group'] or 'none'}",
        f"- mediators: {mediators}", f"- day 0: {about['epoch']}",
    ]  # fmt: skip
    sources = [
        "- line and base map: Natural Earth 1:10m and 1:50m (public domain), generalised, de facto",
        "- relief: computed from the ITU-R P.1511-2 altitude grid; derived values only",
        *([f"- events: {UCDP}; numbers by segment only"] if case.events else []),
        *(["- crossings: recalled, not measured: positions ±5–20 km"] if case.crossings else []),
    ]  # fmt: skip
    return "\n".join([
        f"# {about['title']}", "", *parties, "", "Made by `tools/borders.py`. Sources:", "",
        *sources, "", "What was done:", "", *(f"- {sentence}" for sentence in account), "",
        f"What the model leaves out: {case.left_out}", "",
    ])  # fmt: skip


if __name__ == "__main__":
    main()
