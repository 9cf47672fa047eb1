"""The browser viewer, `truce-sim view`, and `truce-sim movie`.

A run is a function of its seed, so the viewer keeps no recordings: it has the whole daily series
and event log of a run at once, from the engine, and steps a `TruceModel` to whatever day is shown.

    command.py  flags and arguments      opening.py   what is opened: settings, a run, a sweep
    serve.py    address, port, browser   session.py   one visitor's state
    clock.py    what SolaraViz steps     levers.py, presets.py   the controls
    picture.py  a day as browsers draw it    words.py  a day in words
    ensemble.py a fork, over many draws  figure.py, movie.py     a day as a figure, a run as a film
    app.py      the pages                parts.py, vue/          the components in the browser
"""
