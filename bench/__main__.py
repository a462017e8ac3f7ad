"""`make bench`: every measurement, one line each."""

from bench import copy, page

for measurement in (copy, page):
    for line in measurement.measure():
        print(line, flush=True)
