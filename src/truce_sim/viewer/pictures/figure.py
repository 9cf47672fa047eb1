"""A day of a run as a figure, for exports and films. Its artists are made only once.

On the left is the border, on the plane of its `Atlas`: a map, or a strip for a border without a
course. On the right are the key, grievance and the state of the truce; below, a caption.
"""

from __future__ import annotations

from itertools import chain
from textwrap import fill
from typing import IO, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection, LineCollection, PolyCollection
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, PowerNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from truce_sim.analysis.plots.ground import draw_dots, draw_ground, mark_area, marker_of
from truce_sim.analysis.plots.marks import BANDS, LIGHT, MARKS, STRIKE, TRUCE_COLOURS
from truce_sim.border.atlas import make_atlas
from truce_sim.border.colours import HOME, HOST
from truce_sim.viewer.pictures.once import lay_out_once
from truce_sim.viewer.state.caption import caption
from truce_sim.viewer.state.picture import (
    LAYERS,
    colour_power,
    day_incidents,
    list_bands,
    read_layer,
    striking_states,
    struck_sectors,
)
from truce_sim.viewer.state.replay import Replay
from truce_sim.viewer.state.track import Track
from truce_sim.viewer.state.week import Week, fading, past_incidents
from truce_sim.viewer.state.words import TRUCE_WORDS, calendar_date

#: Places of the parts: left, bottom, width and height as shares of the figure.
_BORDER, _KEY = (0.008, 0.05, 0.65, 0.885), (0.67, 0.5, 0.32, 0.435)
_SCALE, _CHART = (0.70, 0.53, 0.285, 0.016), (0.70, 0.175, 0.285, 0.21)
_RIBBON = (0.70, 0.125, 0.285, 0.03)

#: Lines of the chart: colour, style and label of each column.
_LINES = {
    "grievance_home": (HOME, "-", "home grievance"),
    "threshold_home": (HOME, "--", "home threshold"),
    "grievance_host": (HOST, "-", "host grievance"),
    "threshold_host": (HOST, "--", "host threshold"),
}


class DayFigure:
    """A day of a run, 12 by 6.75 inches. `show` moves it to a day."""

    def __init__(self, track: Track, layer: str, dpi: int = 100) -> None:
        self.track, self.layer = track, layer
        self.atlas = make_atlas(track.config, track.run.border)
        self.figure = Figure(figsize=(12, 6.75), dpi=dpi)
        FigureCanvasAgg(self.figure)
        self.title = self.figure.text(0.01, 0.957, "", fontsize=14, va="center")
        self.strikes = self.figure.text(
            0.99, 0.957, "", fontsize=11, va="center", ha="right", color=STRIKE.colour,
            weight="bold",
        )  # fmt: skip
        self.caption = self.figure.text(
            0.01, 0.005, fill(caption(track.config), 200), fontsize=7.5, va="bottom",
            color="0.25", parse_math=False,
        )  # fmt: skip
        self.border = self.figure.add_axes(_BORDER)
        draw_ground(self.border, self.atlas, track.run.border)
        self._draw_cells()
        self._draw_marks()
        self._draw_chart()
        self._draw_ribbon()
        for part in (self.figure, *self.figure.axes):
            for artist in {*part.get_children()} - {*self._moving(), *self.figure.axes}:
                lay_out_once(artist)

    def show(self, model: Replay, week: Week) -> None:
        """Move every artist to the day of the model; what happened in the week before is faint."""
        day = model.day
        date = calendar_date(model.config, day)
        when = f"day {day}" if day >= 0 else "before day 0"
        words = TRUCE_WORDS[model.truce]
        self.title.set_text(f"{when}{f', {date}' if date else ''}: truce {words}")
        self.cells.set_array(_own_side(model, self.layer).ravel())
        self._show_strikes(model)
        bands = list_bands(model)
        for status, dots in self.bands.items():
            dots.set_offsets(self._middles([(s, d) for _, s, d, now in bands if now == status]))
        today = day_incidents(model, day)
        for kind, marks in self.marks.items():
            here = [(s, d, deaths) for each, s, d, deaths, _ in today if each == kind]
            marks.set_offsets(self._middles([(s, d) for s, d, _ in here]))
            marks.set_sizes([mark_area(MARKS[kind], deaths) for _, _, deaths in here])
        self._show_past(model, week)
        for name, line in self.lines.items():
            values = self.track.run.series[name].to_numpy()[: day + 1]
            line.set_data(np.arange(len(values)), values)
        for cursor in self.cursors:
            cursor.set_xdata([day, day])

    def save(self, out: IO[bytes], kind: str) -> None:
        """Write the figure in the format `kind`, png or svg."""
        self.figure.savefig(out, format=kind)

    def pixels(self) -> NDArray[np.uint8]:
        """Return the figure as an image of shape (height, width, 3)."""
        canvas: Any = self.figure.canvas
        canvas.draw()
        image: NDArray[np.uint8] = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        return image

    # ── what changes from day to day ─────────────────────────────────────────────────────────

    def _moving(self) -> list[Artist]:
        """The artists that `show` changes."""
        several = (self.bands, self.marks, self.past, self.lines)
        return [
            self.title, self.strikes, self.cells, self.trails, self.struck_before, self.struck,
            *self.cursors, *chain.from_iterable(each.values() for each in several),
        ]  # fmt: skip

    def _middles(self, cells: list[tuple[int, int]]) -> NDArray[np.float64]:
        places = np.array(cells, float).reshape(-1, 2) + 0.5
        return self.atlas.place(places[:, 0], places[:, 1])

    def _show_past(self, model: Replay, week: Week) -> None:
        """Show incidents, strikes and the paths of bands on the days before."""
        past = past_incidents(model)
        for kind, marks in self.past.items():
            here = [(incident, age) for incident, age in past if incident[0] == kind]
            marks.set_offsets(self._middles([incident[1:3] for incident, _ in here]))
            marks.set_sizes([mark_area(MARKS[kind], incident[3]) for incident, _ in here])
            _fade(marks, [age for _, age in here])
        ways = [[*week.trail(band), (s, d)] for band, s, d, _ in list_bands(model)]
        self.trails.set_segments([self._middles(way) for way in ways])
        before = week.strikes()
        frames = [self._frame(first, last) for first, last, _ in before]
        self.struck_before.set_verts(frames)
        _fade(self.struck_before, [age for *_, age in before])

    def _frame(self, first: int, last: int) -> NDArray[np.float64]:
        """The outline of the host side of these sectors."""
        outline: NDArray[np.float64] = self.atlas.outline(
            (first, last + 1), (0, self.atlas.host_depth)
        )
        return outline

    def _show_strikes(self, model: Replay) -> None:
        struck = struck_sectors(model)
        self.struck.set_visible(struck is not None)
        if struck is not None:
            self.struck.set_xy(self._frame(*struck))
        by = striking_states(model)
        self.strikes.set_text(f"strike by the {' and the '.join(by)} state" if by else "")

    # ── what is made once ────────────────────────────────────────────────────────────────────

    def _draw_cells(self) -> None:
        atlas, (title, unit) = self.atlas, LAYERS[self.layer]
        faint = [(*to_rgb(colour), 0.85) for colour in LIGHT]
        colours = LinearSegmentedColormap.from_list("layer", faint).with_extremes(
            bad=(1, 1, 1, 0.3)
        )
        self.cells = PolyCollection(
            [atlas.outline((s, s + 1), (d, d + 1))
             for s in range(atlas.sectors) for d in range(atlas.depths)],
            cmap=colours, linewidths=0, zorder=1,
            norm=PowerNorm(colour_power(self.layer), 0, self.track.scales[self.layer]),
        )  # fmt: skip
        self.border.add_collection(self.cells, autolim=False)
        scale = self.figure.add_axes(_SCALE)
        bar = self.figure.colorbar(self.cells, cax=scale, orientation="horizontal")
        bar.set_label(f"{title} ({unit})", fontsize=8, labelpad=1)
        high, power = self.track.scales[self.layer], colour_power(self.layer)
        ticks = [0.0, high * 0.5 ** (1 / power), high]
        bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks], fontsize=7)

    def _draw_marks(self) -> None:
        ax = self.border
        self.past = {
            kind: draw_dots(ax, marker_of(mark), (mark.colour, "black"), "_", mark_area(mark))
            for kind, mark in MARKS.items()
        }
        self.struck_before = PolyCollection([], facecolors="none", edgecolors=STRIKE.colour, lw=2.5)
        edge = [withStroke(linewidth=2.4, foreground="black")]
        self.trails = LineCollection([], colors="white", lw=0.9, path_effects=edge, zorder=6.5)
        for each in (self.struck_before, self.trails):
            ax.add_collection(each, autolim=False)
        (self.struck,) = ax.fill(
            *self._frame(0, 0).T, facecolor=(*to_rgb(STRIKE.colour), 0.15), edgecolor=STRIKE.colour,
            lw=2.5, zorder=3.5, label=STRIKE.words,  # under the names
        )  # fmt: skip
        self.bands = {
            status: draw_dots(ax, MarkerStyle("o"), (face, edge), words, 42.0)
            for status, (face, edge, words) in BANDS.items()
        }
        self.marks = {
            kind: draw_dots(
                ax, marker_of(mark), (mark.colour, "black"), mark.words, mark_area(mark)
            )
            for kind, mark in MARKS.items()
        }
        attack = MARKS["attack"]
        faint = draw_dots(
            ax, marker_of(attack), (attack.colour, "black"), "faint: in the six days before",
            mark_area(attack),
        )  # fmt: skip
        faint.set_alpha(0.4)
        key = self.figure.add_axes(_KEY)
        key.set_axis_off()
        handles, labels = ax.get_legend_handles_labels()
        key.legend(handles, labels, loc="upper left", fontsize=8.5, frameon=False,
                   borderaxespad=0.0, labelspacing=0.55)  # fmt: skip

    def _draw_chart(self) -> None:
        ax, series = self.figure.add_axes(_CHART), self.track.run.series
        self.lines = {
            name: ax.plot([], [], color=colour, ls=line, label=label)[0]
            for name, (colour, line, label) in _LINES.items()
        }
        values = series[list(_LINES)].to_numpy()
        top = float(values[np.isfinite(values)].max(initial=1.0))
        ax.set(xlim=(0, self.track.config.run.horizon_days), ylim=(0, 1.1 * top), xticklabels=[])
        ax.tick_params(labelsize=7)
        ax.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=7.5, frameon=False
        )
        self.cursors = [ax.axvline(0, color="grey", lw=1)]

    def _draw_ribbon(self) -> None:
        ax, codes = self.figure.add_axes(_RIBBON), self.track.run.series["status"].cat.codes
        ax.imshow(
            codes.to_numpy()[None, :], cmap=ListedColormap(list(TRUCE_COLOURS.values())), vmin=0,
            vmax=3, aspect="auto", extent=(0, len(codes), 0, 1), interpolation="nearest",
        )  # fmt: skip
        ax.set(xlim=(0, self.track.config.run.horizon_days), yticks=[])
        ax.tick_params(labelsize=7)
        ax.set_xlabel("day", fontsize=8, labelpad=1)
        self.cursors.append(ax.axvline(0, color="black", lw=2))
        for i, (state, colour) in enumerate(TRUCE_COLOURS.items()):
            self.figure.text(0.70 + i * 0.074, 0.045, "■", color=colour, fontsize=9, va="center")
            self.figure.text(0.711 + i * 0.074, 0.045, TRUCE_WORDS[state], fontsize=8, va="center")


def _fade(marks: Collection, ages: list[int]) -> None:
    """Make each of some marks as faint as it is old."""
    if ages:  # matplotlib accepts no empty array, and after an array nothing else
        marks.set_alpha([fading(age) for age in ages])


def _own_side(model: Replay, layer: str) -> NDArray[np.float64]:
    """A layer of shape (sectors, depth); NaN on the side of the line it does not apply to."""
    values, line = read_layer(model, layer).copy(), model.config.border.host_depth
    if layer == "home_effort":
        values[:, :line] = np.nan
    if layer == "host_effort":
        values[:, line:] = np.nan
    return values
