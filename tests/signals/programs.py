"""Programs that check what is generated."""

import subprocess


def run(*command: object) -> str:
    """Run a program and return its output; fail with that where it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
