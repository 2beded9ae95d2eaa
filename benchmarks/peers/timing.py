"""How the Python peers are timed and reported: as benchmarks/timing.ts does for Keratin."""

import json
import os
import platform
import statistics
import sys
import time
from importlib import metadata

WARM_UP_SECONDS = 0.5
BATCHES = 10
BATCH_SECONDS = 0.05

now = time.perf_counter


def seconds_per_call(loop):
    """Seconds of one call; `loop(n)` makes n calls and waits for their results."""
    start = now()
    calls, n = 0, 1
    while now() - start < WARM_UP_SECONDS:
        loop(n)
        calls += n
        n = min(2 * n, 1000)
    per_batch = max(1, round(BATCH_SECONDS * calls / (now() - start)))
    batches = []
    for _ in range(BATCHES):
        begin = now()
        loop(per_batch)
        batches.append((now() - begin) / per_batch)
    return statistics.median(batches)


def median_step(ends, warm_up):
    """Median time from the end of one epoch to the end of the next, without the first `warm_up` epochs."""
    return statistics.median(b - a for a, b in zip(ends[warm_up - 1 :], ends[warm_up:]))


def resident_mb():
    """Resident memory of this process in megabytes; the peak where the current value is not to be had."""
    if os.path.exists("/proc/self/statm"):
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return peak_mb()


def peak_mb():
    """The most resident memory that this process has had, in megabytes."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def report(seconds, packages, **more):
    """Prints the measurement, with the installed versions of `packages`."""
    versions = {"python": platform.python_version()}
    for name in packages:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    print(json.dumps({"seconds": seconds, "versions": versions, **more}))
