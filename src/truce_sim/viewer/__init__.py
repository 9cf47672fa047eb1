"""The browser viewer, `truce-sim view`, and `truce-sim movie`.

A run is a function of its seed, so the viewer keeps no recordings: the engine gives it the whole
daily series and event log of a run at once, and it steps a `TruceModel` to whatever day is shown.

    serve.py    address, port, browser, and a clean shutdown
    site.py     what is answered when: first.py at once, the pages once they are imported
    guard.py    who is answered
    state/      what a visitor looks at: the runs, the day, the levers
    pictures/   a day as a figure, a run as a film
    pages/      the pages and their components
    vue/        the components in the browser
"""
