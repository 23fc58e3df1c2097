"""Runs the demo from another folder over a tree it did not build; it must end well and leave nothing."""
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LIMIT_SECONDS = 60


def running_in(folder):
    """Command lines of processes that have to do with a folder."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if folder in words:
            found.append(words)
    return found


def main():
    folder = tempfile.mkdtemp(prefix="kontor demo ")
    try:
        done = subprocess.run(
            [os.path.join(ROOT, "tools", "demo"), "--build", os.environ["KONTOR_BUILD"],
             "--folder", os.path.join(folder, "here"), "--seed", "7",
             "--store", os.environ.get("KONTOR_STORE", "sqlite")],
            cwd="/", capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
        print(done.stdout + done.stderr)
        assert done.returncode == 0, f"the demo ended with {done.returncode}"
        steps = [line for line in done.stdout.splitlines() if line.startswith("[")]
        assert len(steps) == 8 and all(" ok  " in step for step in steps), steps
        assert not running_in(folder), running_in(folder)
        if "try it" not in done.stdout:
            return
        shell = subprocess.run([os.path.join(folder, "here", "shell"), "-c", "kontor whoami"],
                               capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
                               env={**os.environ, "SHELL": "/bin/sh"})
        assert "coast" in shell.stdout, shell.stdout + shell.stderr
        assert not running_in(folder), running_in(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
