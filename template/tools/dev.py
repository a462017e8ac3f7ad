"""`make dev`: the page on PORT, reloaded in place; behind it the API, started anew on every change."""

import os
import socket
import subprocess
import sys

from backend.settings import read_settings
from tools.setup import ROOT


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
    watch = [sys.executable, "-m", "watchfiles", "--verbosity", "warning", f'"{sys.executable}" -m backend', *watched]
    vite = ["npm", "--prefix", "frontend", "run", "--silent", "dev", "--"]
    vite += ["--host", settings.host, "--port", str(settings.port), "--strictPort", "--clearScreen", "false"]
    both = [subprocess.Popen(watch, cwd=ROOT, env=api), subprocess.Popen(vite, cwd=ROOT, env=page)]
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
