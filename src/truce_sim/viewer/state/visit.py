"""A visit: what one visitor looks at, which their address describes completely."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import solara

from truce_sim.config.load import as_setup, to_plain
from truce_sim.errors import InputError
from truce_sim.viewer.state.address import (
    DRAFT,
    Words,
    apply_words,
    draft_words,
    read_query,
    read_settings,
    settings_words,
    split_draft,
    write_query,
)
from truce_sim.viewer.state.ground import KEYS
from truce_sim.viewer.state.opening import Opening, open_row, parse_run
from truce_sim.viewer.state.picture import LAYERS
from truce_sim.viewer.state.session import ENSEMBLES, PANELS, VIEWS, Session
from truce_sim.viewer.state.sweep_view import SweepView

if TYPE_CHECKING:
    from truce_sim.viewer.state.search_view import SearchView

_FIRST_LAYER = next(iter(LAYERS))

#: Parts of an address that say where in a run a visitor is, not which run it is.
_PLACE = ("day", "layer", "view", "hide", "panel", "ensemble", "futures")


class Visit:
    """One visitor's pages: a run, or the sweep or search. Visitors share nothing.

    Attributes:
        session: The run shown; None on the page of a sweep or a search.
        view: The view of the sweep, if one is open and can be read.
        search: The view of the search, if one is open.
        damage: Why the sweep cannot be read, or "".
        problem: Why the address could not be followed, or "".
        followed: How many addresses have been followed.
    """

    def __init__(self, opening: Opening, query: str = "") -> None:
        """Show what an address describes, or else what the viewer was started with."""
        self._first = opening
        self.view, self.damage = _sweep_view(opening)
        self.search = _search_view(opening)
        self.session: solara.Reactive[Session | None] = solara.reactive(None)
        self.problem = solara.reactive("")
        self.followed = solara.reactive(0)
        if query:
            self.follow(query)
        if not query or (self.problem.value and self.session.value is None):
            self.show(opening)

    def show(self, opening: Opening) -> None:
        """Show a run, or the page of the sweep or search."""
        self.session.value = Session(opening) if opening.setup else None

    def back(self) -> None:
        """Show the page of the sweep or search."""
        self.session.value = None

    # ── the address ──────────────────────────────────────────────────────────────────────────

    def query(self) -> str:
        """Return the query of the address of what is shown."""
        session, words = self.session.value, _folder_words(self._first)
        if session is None:
            page = self.view or self.search
            return write_query(words | (page.changed_words() if page else {}))
        words |= _run_words(session) | _draft_words(session)
        return write_query(words | _place_words(session))

    def follow(self, query: str) -> None:
        """Show what the query of an address describes; if it cannot be followed, say why."""
        try:
            self._follow(read_query(query.removeprefix("?")))
            self.problem.value = ""
        except (InputError, RuntimeError) as error:
            self.problem.value = f"The address could not be followed. {error}"
        self.followed.value += 1

    def _follow(self, words: Words) -> None:
        folder = {what: words.pop(what, "") for what in ("sweep", "search")}
        for what, named in folder.items():
            shown = _folder_words(self._first).get(what, "")
            if named and named != shown:
                shows = f"the {what} {shown}" if shown else f"no {what}"
                raise InputError(f"it is of the {what} {named}; this viewer shows {shows}")
        opening = self._opening(words, any(folder.values()))
        if opening.setup is None:
            if page := self.view or self.search:
                page.follow(words)
            self.session.value = None
            return
        session = self.session.value
        drafts, rest = split_draft(words)
        run = {k: v for k, v in rest.items() if k not in _PLACE}
        if session is None or run != _run_words(session):
            session = Session(opening)
            if "fork" in rest:
                session.show_fork(_entry(rest["fork"]))
        session.stay()
        if drafts:
            session.draft_all(to_plain(apply_words(drafts, to_plain(session.config))))
        else:
            session.undo()
        _go(session, rest)
        self.session.value = session

    def _opening(self, words: Words, of_folder: bool) -> Opening:
        """What to open: a row of the sweep, settings, the page of the sweep or search (if the
        address is `of_folder` and not a run's), or what the viewer was started with."""
        first = self._first
        if "row" in words:
            if first.sweep is None:
                raise InputError("is a run of a sweep; this viewer shows none", setting="row")
            return open_row(first.sweep, *parse_run(words["row"]))
        if of_folder and "seed" not in words:
            return Opening(sweep=first.sweep, search=first.search)
        settings = {
            k: v for k, v in words.items() if k not in (*_PLACE, "fork") and not k.startswith(DRAFT)
        }
        if "seed" not in words and (first.setup is None or not settings):
            return first
        opened = first.config
        config = read_settings(settings, opened, to_plain(opened) if opened else None)
        if config is opened:
            return first
        return replace(first, setup=as_setup(config), row=None, day=-1, run="")


def _sweep_view(opening: Opening) -> tuple[SweepView | None, str]:
    """The view of the sweep, if one is open, or why it cannot be read."""
    if opening.sweep is None:
        return None, ""
    view = SweepView(opening.sweep)
    try:
        view.data.load()
    except InputError as error:
        return None, str(error)
    return view, ""


def _search_view(opening: Opening) -> SearchView | None:
    """The view of the search, if one is open; its modules are imported only then."""
    if opening.search is None:
        return None
    from truce_sim.viewer.state.search_view import SearchView

    return SearchView(opening.search)


def _folder_words(opening: Opening) -> Words:
    """Which sweep or search is open, as part of an address."""
    if opening.sweep is not None:
        return {"sweep": opening.sweep.path.name}
    return {"search": opening.search.folder.name} if opening.search is not None else {}


def _run_words(session: Session) -> Words:
    """Which run is shown, as parts of an address; made once for each pair of runs."""
    track, row = session.tracks[0], session.opening.run if session.row is not None else ""
    words = {"row": row} if row else track.once("address", lambda: settings_words(track.plain))
    entry = session.fork_entry
    return dict(words) | ({"fork": json.dumps(entry, separators=(",", ":"))} if entry else {})


def _place_words(session: Session) -> Words:
    """Where in the run the visitor is, and what was asked for, where that differs from the
    default."""
    day, n = session.futures.value
    words = {
        "layer": session.layer.value if session.layer.value != _FIRST_LAYER else "",
        "view": session.view.value if session.view.value != VIEWS[0] else "",
        "hide": ",".join(session.hidden.value),
        "panel": PANELS[session.panel.value] if session.panel.value else "",
        "ensemble": str(session.pairs.value or ""),
        "futures": f"{day}:{n}" if n else "",
        "day": str(session.clock.value.day) if session.clock.value.day >= 0 else "",
    }
    return {name: word for name, word in words.items() if word}


def _draft_words(session: Session) -> Words:
    return draft_words(session.drafted, session.tracks[0].plain) if session.changed else {}


def _entry(text: str) -> dict[str, Any]:
    """The intervention of a fork, as an address gives it; its values are checked with the run."""
    try:
        entry = json.loads(text)
        if not isinstance(entry["day"], int) or not isinstance(entry["set"], dict):
            raise TypeError
    except (ValueError, RecursionError, KeyError, TypeError):
        raise InputError(
            "is not a fork", setting="fork", value=text[:100], origin="the address",
            allowed='{"day":30,"set":{"home.threshold":2.0}}',
        ) from None  # fmt: skip
    return {"day": entry["day"], "set": entry["set"]}


def _go(session: Session, words: Words) -> None:
    """Show the day, the layer and whatever else about the run an address names."""
    layer, day = words.get("layer", _FIRST_LAYER), words.get("day", "-1")
    view, panel = words.get("view", VIEWS[0]), words.get("panel", PANELS[0])
    pairs, futures = words.get("ensemble", "0"), words.get("futures", "0:0")
    hidden = [key for key in words.get("hide", "").split(",") if key]
    for name, what, value, allowed in (
        ("layer", "layer", layer, LAYERS), ("view", "view", view, VIEWS),
        ("panel", "panel", panel, PANELS), *(("hide", "mark", key, KEYS) for key in hidden),
        ("ensemble", "ensemble", pairs, ("0", *map(str, ENSEMBLES))),
    ):  # fmt: skip
        if value not in allowed:
            raise InputError(
                f"is not a known {what}", setting=name, value=value, allowed=", ".join(allowed)
            )
    if pairs != "0" and len(session.tracks) == 1:
        raise InputError("needs a fork", setting="ensemble", value=pairs)
    number, asked = _whole("day", day), _read_futures(futures)
    session.layer.value, session.view.value, session.hidden.value = layer, view, hidden
    session.panel.value, session.pairs.value = PANELS.index(panel), int(pairs)
    session.futures.value = asked
    session.go(number)


def _read_futures(text: str) -> tuple[int, int]:
    day, _, n = text.partition(":")
    if n not in ("0", *map(str, ENSEMBLES)):
        raise InputError("does not name futures", setting="futures", value=text,
                         allowed=f"DAY:{ENSEMBLES[0]}, for example")  # fmt: skip
    return _whole("futures", day), int(n)


def _whole(name: str, text: str) -> int:
    try:
        return int(text[:9])
    except ValueError:
        raise InputError("is not a day", setting=name, value=text, allowed="0, 1, …") from None
