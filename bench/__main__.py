"""`make bench`: every measurement, one line each."""

from bench import copy, page, sdd

for measurement in (copy, page, sdd):
    for line in measurement.measure():
        print(line, flush=True)
