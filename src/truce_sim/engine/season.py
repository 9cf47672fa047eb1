"""The day of the year, for rules with a season."""

from __future__ import annotations

from truce_sim.engine.compile import rule

#: Days of 400, 100 and 4 years of the Gregorian calendar.
_DAYS_400, _DAYS_100, _DAYS_4 = 146097, 36524, 1461


@rule
def day_of_year(p, day):
    """1 for 1 January, up to 365 or 366; 0 if day 0 has no date.

    `p.first_day` counts days as `datetime.date.toordinal` does. It is set if a setting declared
    `seasonal` is above 0; day 0 must then have a date.
    """
    if p.first_day == 0:
        return 0
    n = (p.first_day - 1 + day) % _DAYS_400
    n -= min(n // _DAYS_100, 3) * _DAYS_100  # the fourth century is a day longer
    n %= _DAYS_4
    return n - min(n // 365, 3) * 365 + 1  # so is the fourth year
