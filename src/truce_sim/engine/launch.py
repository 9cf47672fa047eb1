"""Step 3: the militant group launches bands: how many, where, how deep."""

from __future__ import annotations

import math

from truce_sim.engine.ahead import AT_DEPTH, AT_SECTOR, FOR_LAUNCHES, daily_uniform, draw_band
from truce_sim.engine.arithmetic import exp, log1p
from truce_sim.engine.codes import (
    BY_MILITANTS,
    LAUNCH,
    MAX_BANDS,
    MOVING,
    NEVER,
    NOT_FINITE,
    OVERFLOW,
    TODAY,
    TOO_MANY,
)
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import (
    MAX_POISSON_MEAN,
    OFFSPRING,
    TEMPO,
    entity_of,
    happens,
    lognormal,
    normal,
    pick,
    poisson,
    uniform,
)
from truce_sim.engine.offspring import forget_attacks, offspring_share, sector_near_attack
from truce_sim.engine.steps import look_up, tabulate_lognormal
from truce_sim.engine.world import new_event, room

#: A generous bound on how far `w.exposure` may be from R: its terms are at most 1, and a run
#: changes them fewer than 10^5 times, each time rounding to 10^-16.
EXPOSURE_ERROR = 1e-10

#: The bound for `near_appeal`, whose sums change with every sector before them.
APPEAL_ERROR = 1e-8


@rule
def launch_bands(p, w, key, day):
    """Today's bands ~ Poisson(λ), in launch order; they are at depth -1 until they move."""
    update_tempo(p, w, key, day)
    update_excitement(p, w)
    u = daily_uniform(w, key, FOR_LAUNCHES, day)
    mean = attempt_rate(p, w, nearly_deterred(p, w))
    count = sure_poisson(u, mean, EXPOSURE_ERROR * p.militants.deterrence * mean)
    if count < 0:
        mean = attempt_rate(p, w, deterred(p, w))
        if not mean <= MAX_POISSON_MEAN:
            w.failure = NOT_FINITE if math.isnan(mean) else TOO_MANY
            return
        count = poisson(u, mean)
    following = offspring_share(p, w, mean)
    for slot in range(count):
        launch_band(p, w, key, day, slot, following)
    forget_attacks(p, w)


@rule
def update_tempo(p, w, key, day):
    """x = φ x + sqrt(1-φ²) z, standard normal from its first day on; unused without a spread."""
    if p.militants.tempo_cv == 0.0:
        return
    z, kept = normal(uniform(key, TEMPO, 0, day)), w.regime.tempo_kept
    w.tempo = z if math.isnan(w.tempo) else kept * w.tempo + math.sqrt(1.0 - kept * kept) * z


@rule
def tempo(p, w):
    """The factor exp(s x - s²/2) on the group's own launches: lognormal of mean 1."""
    if p.militants.tempo_cv == 0.0:
        return 1.0
    spread = w.regime.tempo_spread
    return exp(spread * w.tempo - 0.5 * spread * spread)


@rule
def update_excitement(p, w):
    """A = β_h A + yesterday's attacks: what self-excitation remembers."""
    w.excitement *= w.regime.excitement_kept
    w.excitement += w.attacks_yesterday
    w.attacks_yesterday = 0


@rule
def attempt_rate(p, w, left):
    """λ = λ0 N F (1+σS) exp(-δ(R-R0)) + n_h (1-β_h) A, bands per day; `left` is the exponential."""
    m = p.militants
    fresh = m.attempts_per_day * w.strength * (1.0 + m.spoiler_strength * w.spoiler_motive)
    fresh *= left * tempo(p, w)
    fading = 1.0 - w.regime.excitement_kept
    return fresh + m.excitation * fading * w.excitement


@rule
def deterred(p, w):
    """exp(-δ(R-R0)): the share of attempts that deterrence leaves."""
    return exp(-p.militants.deterrence * (exposure(w) - p.militants.risk_prior))


@rule
def exposure(w):
    """R = Σ activity q."""
    total, at = 0.0, w.sectors
    for s in range(w.sector_count):
        total += at.activity[s] * at.risk[s]
    return total


@rule
def nearly_deterred(p, w):
    """`deterred` up to rounding. Summing R over the sectors takes longer than everything else on a
    quiet day; `w.exposure` is the same sum updated term by term, so its last digits differ. That
    matters only next to a step of the quantile, where R is summed."""
    if w.deterred_at != w.exposure:
        w.deterred_at = w.exposure
        w.deterred = exp(-p.militants.deterrence * (w.exposure - p.militants.risk_prior))
    return w.deterred


@rule_apart
def sure_poisson(u, mean, error):
    """The Poisson quantile shared by all means within `error` of this one; -1 if undecidable. (A
    change of the mean changes the distribution function by no more than that change.)"""
    guard = error + 1e-9
    if u < 1.0 - mean * (1.0 - mean * (0.5 - mean / 6.0)) - guard:  # <= exp(-mean)
        return 0
    if not mean < 0.5 * MAX_POISSON_MEAN:
        return -1
    term = exp(-mean)
    total, before, k = term, 0.0, 0
    while u > total and k < 2.0 * MAX_POISSON_MEAN:
        k += 1
        term *= mean / k
        before = total
        total += term
    near = total - u < guard or (k > 0 and u - before < guard)
    return -1 if near else k


@rule
def pick_sector(w, u):
    """A sector drawn by its appeal: from the running sums kept up to date, or from exact ones where
    u is too close to one of those."""
    s = sure_pick(u, w.sectors.near_appeal, w.sector_count, room(w))
    return s if s >= 0 else pick_sector_exactly(w, u)


@rule
def sure_pick(u, near, n, padded):
    """The `pick` shared by all running sums within APPEAL_ERROR of these; -1 if undecidable. (A
    vectorised scan of all of them is faster than bisection.)"""
    goal, s = u * near[n - 1], 0
    for i in range(padded):
        s += 1 if near[i] < goal else 0
    if near[s] - goal > APPEAL_ERROR and (s == 0 or goal - near[s - 1] > APPEAL_ERROR):
        return s
    return -1


@rule_apart
def pick_sector_exactly(w, u):
    """A sector drawn by its appeal, from exact running sums."""
    weigh_sectors(w)
    return pick(u, w.sectors.sum_appeal, w.sector_count)


@rule
def weigh_sectors(w):
    """Bring the running sums of w_s exp(-β q_s) up to date, from the first sector that has
    changed."""
    at, known = w.sectors, w.appeal_summed
    total = at.sum_appeal[known - 1] if known > 0 else 0.0
    for s in range(known, w.sector_count):
        total += at.appeal[s]
        at.sum_appeal[s] = total
    w.appeal_summed = w.sector_count


@rule
def note_risk(p, w, s):
    """Update what follows from the learned risk of sector s; returns the change of its appeal."""
    at, before = w.sectors, w.sectors.appeal[s]
    at.appeal[s] = at.weight[s] * exp(-p.militants.risk_aversion * at.risk[s])
    w.appeal_summed = min(w.appeal_summed, s)
    return at.appeal[s] - before


@rule
def prepare_launch(p, w):
    """β_h of a regime, its tempo, w_s exp(-β q_s) of every sector under its β, and R."""
    w.regime.excitement_kept = exp(-1.0 / p.militants.excitation_memory_days)
    w.regime.tempo_kept = exp(-1.0 / p.militants.tempo_days)
    w.regime.tempo_spread = math.sqrt(log1p(p.militants.tempo_cv * p.militants.tempo_cv))
    m, near, total = p.militants, w.sectors.near_appeal, 0.0
    for s in range(w.sector_count):
        note_risk(p, w, s)
        total += w.sectors.appeal[s]
        near[s] = total
    for s in range(w.sector_count, room(w)):
        near[s] = math.inf
    w.appeal_summed = 0
    w.exposure, w.deterred_at = exposure(w), math.nan
    unit, last = p.border.cell_km, p.border.home_depth - 1.0
    tabulate_lognormal(w.tables.cells, m.depth_mu, m.depth_sigma, unit, unit, last)


@rule
def launch_band(p, w, key, day, slot, following):
    """One band: its sector, and its target depth in km, rounded up to cells and clipped to the
    home side. It sets out near an attack with probability `following`."""
    if w.band_count == MAX_BANDS:
        w.failure = OVERFLOW
        return
    band = w.bands[w.band_count]
    entity = entity_of(day, slot)
    band.entity = entity
    draw_band(w, key, band)
    u = w.draws[band.slot]
    if following > 0.0 and happens(following, key, OFFSPRING, entity, 0):
        attack = uniform(key, OFFSPRING, entity, 1)
        band.sector = sector_near_attack(p, w, attack, u[AT_SECTOR])
    else:
        band.sector = pick_sector(w, u[AT_SECTOR])
    band.target = p.border.host_depth + target_cells(p, w, u[AT_DEPTH]) - 1
    band.target_km = draw_depth(p, u[AT_DEPTH]) if w.recorded else math.nan
    band.depth = -1
    band.wait = 0
    band.crossed = NEVER
    band.status = MOVING
    w.band_count += 1
    w.tally[TODAY].attempts += 1
    event = new_event(w, day, LAUNCH, BY_MILITANTS, band.sector, 0)
    w.events[event].band = entity


@rule_apart
def draw_depth(p, u):
    """Depth of an attack behind the line, km."""
    return lognormal(u, p.militants.depth_mu, p.militants.depth_sigma)


@rule
def target_cells(p, w, u):
    """How many home cells deep a target is."""
    cells = look_up(w.tables.cells, u)
    return depth_in_cells(p, draw_depth(p, u)) if cells < 0 else cells + 1


@rule_apart
def target_km(p, w, i):
    """Depth of the target of band i in km. It is computed only when needed: for most bands the
    number of cells is enough."""
    band = w.bands[i]
    if math.isnan(band.target_km):
        band.target_km = draw_depth(p, w.draws[band.slot, AT_DEPTH])
    return band.target_km


@rule_apart
def settle_targets(p, w):
    """Fix the targets of bands under way before other parameters take over."""
    for i in range(w.band_count):
        target_km(p, w, i)


@rule
def depth_in_cells(p, depth_km):
    """A depth in home cells: rounded up, 1 … home_depth."""
    cells = min(depth_km / p.border.cell_km, float(p.border.home_depth))
    return max(int(math.ceil(cells)), 1)
