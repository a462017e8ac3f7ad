"""What the page weighs: JavaScript as it is sent, gzip. Wants a built frontend: `cd template && make run` builds it."""

import gzip
from collections.abc import Iterator
from pathlib import Path

ASSETS = Path(__file__).parents[1] / "template/frontend/dist/assets"
MOST_KB = 130


def measure() -> Iterator[str]:
    """One line: kB (1,000 bytes) of all scripts together, and the budget."""
    scripts = sorted(ASSETS.glob("*.js"))
    if not scripts:
        raise SystemExit(f"{ASSETS} holds no script: run `uv run poe run` in template/ once, then measure again.")
    size = sum(len(gzip.compress(script.read_bytes(), 9)) for script in scripts) / 1000
    yield f"JavaScript, gzip: {size:.1f} kB (at most {MOST_KB} kB)"
