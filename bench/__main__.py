"""`make bench`: every measurement, one line each."""

from bench import copy, page, sdd, update

for measurement in (copy, update, page, sdd):
    for line in measurement.measure():
        print(line, flush=True)
