"""The tour of README.md works as it is written: every command ends well, and prints what is shown.

The ```sh blocks of the tour run in order in one shell, in a folder with copies of the files they
name, against the program under test, with a port and a data directory of their own. A ```text block
is the standard output of the blocks before it; `...` in it stands for anything.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import CRASH_SIGNS, LAUREL, REPOSITORY, SCALE, free_port

PROGRAM = "build/release/laurel"
DATA = "data/crash-game"
COPIED = ("config/examples", "tests/data")
TOUR_S = 60
FENCE = re.compile(r"^```(sh|text)\n(.*?)^```$", re.M | re.S)


def tour():
    """[(commands, what they print, or None when the README does not show it)]"""
    text = (REPOSITORY / "README.md").read_text()
    section = re.search(r"^## A tour[^\n]*\n(.*?)^## ", text, re.M | re.S)[1]
    steps = []
    for kind, body in FENCE.findall(section):
        if kind == "sh":
            steps.append((body, None))
        else:
            steps[-1] = (steps[-1][0], body)
    return steps


def adapted(commands, data, port):
    """The same commands for the program under test, its directory and its port."""
    commands = re.sub(rf"({re.escape(PROGRAM)} run\b[^&\n]*)",
                      rf"\1 --data {DATA} --port {port} ", commands)
    return commands.replace(PROGRAM, shlex.quote(LAUREL)).replace(DATA, shlex.quote(str(data)))


def matches(shown, printed):
    pattern = ".*".join(re.escape(part) for part in shown.split("..."))
    return re.fullmatch(pattern, printed, re.S) is not None


class Readme(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-readme-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name in COPIED:
            shutil.copytree(REPOSITORY / name, self.folder / name)

    def script(self, steps, port):
        # ERR: a command that fails and is no part of a condition. EXIT: what still runs is ended,
        # by its process id, also when the tour itself has stopped it already.
        lines = ["set -E",
                 "trap 'echo \"$? $BASH_COMMAND\" >> failed' ERR",
                 "trap 'for pid in $(jobs -p); do kill \"$pid\"; done 2>/dev/null; wait' EXIT"]
        for number, (commands, _) in enumerate(steps):
            lines += ["{", adapted(commands, self.folder / DATA, port).rstrip(),
                      f"}} > out.{number} 2> err.{number}"]
        lines.append("echo the end > end")
        return "\n".join(lines) + "\n"

    def run_tour(self, steps):
        port = free_port()
        environment = os.environ | {"LAUREL_SERVER": f"http://127.0.0.1:{port}"}
        shell = subprocess.Popen(["bash", "--norc", "-c", self.script(steps, port)],
                                 cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 start_new_session=True)
        try:
            shell.wait(TOUR_S * SCALE)
        except subprocess.TimeoutExpired:
            # The shell leads a process group of its own: it, the node and the running verb.
            os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()

    def read(self, name):
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""

    def test_the_tour_works_as_it_is_written(self):
        steps = tour()
        self.assertGreater(len(steps), 5, "the tour of README.md was not found")
        self.assertIn(f"{PROGRAM} run", steps[0][0])
        self.run_tour(steps)
        everything = "\n".join(f"--- {commands}{self.read(f'out.{number}')}"
                               f"{self.read(f'err.{number}')}"
                               for number, (commands, _) in enumerate(steps))
        self.assertEqual(self.read("failed"), "", everything)
        self.assertNotEqual(self.read("end"), "", f"the tour did not end\n{everything}")
        self.assertIsNone(CRASH_SIGNS.search(everything), everything)
        for number, (commands, shown) in enumerate(steps):
            printed = self.read(f"out.{number}")
            if shown is not None and not matches(shown, printed):
                self.fail(f"README.md shows for\n{commands}\n{shown}\nbut it prints\n{printed}")

    def test_what_is_shown_is_compared(self):
        self.assertTrue(matches("a\n...\nd\n", "a\nb\nc\nd\n"))
        self.assertFalse(matches("a\n...\nd\n", "a\nb\nc\n"))
        self.assertFalse(matches("a.b\n", "axb\n"))


if __name__ == "__main__":
    unittest.main()
