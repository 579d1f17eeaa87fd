"""An older build beside this one: has a case of `coppice bench` become slower?

Both builds run a case by turns, each time in a process of its own, so that what else the machine does meets
both alike. A round gives one ratio: of the least of each one's median times over a few turns, as a neighbour's
burst makes a turn slower and none makes it faster. The 95 % interval of the median ratio is that of
order statistics, which supposes nothing about how the noise is distributed. Where it does not decide, more
rounds are run, and a case that stays undecided counts as slower: the next look would be no kinder.
"""
import math
import statistics

FEWEST_ROUNDS = 9
MOST_ROUNDS = 30
TURNS = 3  # of each build in a round
LIMIT = 1.03  # of the new build's time by the old one's
CONFIDENCE = 0.95

FASTER_OR_SAME = "as fast"
SLOWER = "slower"
UNDECIDED = "undecided"


def interval(ratios):
    """The narrowest interval between two order statistics, as far from either end, that holds the median
    with the confidence wanted; all of the line where there are too few ratios for any."""
    n, ordered = len(ratios), sorted(ratios)
    tail, rank = 0.5 ** n, 0  # the chance that fewer than rank + 1 ratios lie below the median
    if 2.0 * tail > 1.0 - CONFIDENCE:
        return -math.inf, math.inf
    while 2.0 * (tail + math.comb(n, rank + 1) * 0.5 ** n) <= 1.0 - CONFIDENCE:
        rank += 1
        tail += math.comb(n, rank) * 0.5 ** n
    return ordered[rank], ordered[n - 1 - rank]


def judge(ratios, limit=LIMIT):
    low, high = interval(ratios)
    if low > limit:
        return SLOWER
    return FASTER_OR_SAME if high <= limit else UNDECIDED


def ratio_of_round(i, name, time_of):
    """The ratio of round i; who begins changes from turn to turn."""
    times = {"old": [], "new": []}
    for turn in range(i, i + TURNS):
        for side in ("old", "new") if turn % 2 == 0 else ("new", "old"):
            times[side].append(time_of(side, name))
    return min(times["new"]) / min(times["old"])


def compare(names, time_of, fewest=FEWEST_ROUNDS, most=MOST_ROUNDS, limit=LIMIT, say=lambda text: None):
    """The ratios of each case: `fewest` rounds of all, then more of what is undecided. time_of(side, name)
    runs a case and returns its seconds; side is "old" or "new"."""
    ratios = {name: [] for name in names}
    for i in range(most):
        left = [name for name in names if i < fewest or judge(ratios[name], limit) == UNDECIDED]
        for name in left:
            ratios[name].append(ratio_of_round(i, name, time_of))
            say(f"round {i + 1}: {name}: {ratios[name][-1]:.3f}")
    return ratios


def result(name, ratios, limit=LIMIT):
    """What is said of a case, as one JSON line has it."""
    low, high = interval(ratios)
    return {"name": name, "rounds": len(ratios), "ratio": round(statistics.median(ratios), 4),
            "low": round(low, 4), "high": round(high, 4), "limit": limit, "verdict": judge(ratios, limit)}


def print_table(results):
    print("| case | rounds | new / old (95 % interval) | |")
    print("| --- | --- | --- | --- |")
    for r in results:
        print(f"| {r['name']} | {r['rounds']} | {r['ratio']:.3f} ({r['low']:.3f} to {r['high']:.3f}) | {r['verdict']} |")
