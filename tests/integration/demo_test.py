"""laurel demo, which ./dev run starts: its wagers are taken."""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios
import time
import unittest
from pathlib import Path

import harness


ESCAPE = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


class Demo(unittest.TestCase):
    def site(self):
        folder = Path(tempfile.mkdtemp(prefix="laurel-demo-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        shutil.copytree(harness.REPOSITORY / "config" / "examples" / "demo", folder / "site")
        config = folder / "site" / "node.toml"
        config.write_text(config.read_text() + f"[listen]\nport = {harness.free_port()}\n")
        return folder

    def on_terminal(self, rows, columns):
        """Plays in a window of that size until a table was drawn twice, then Ctrl-C: what was written."""
        folder = self.site()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        demo = subprocess.Popen(
            [harness.LAUREL, "demo", "--site", folder / "site", "--data", folder / "data"],
            stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "xterm"},
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
        os.close(theirs)
        written, asked = "", False
        deadline = time.monotonic() + 30 * harness.SCALE
        while time.monotonic() < deadline:
            try:
                got = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            written += got.decode()
            if not asked and written.count("\x1b[J") >= 2:
                os.write(ours, b"\x03")
                asked = True
        self.assertEqual(demo.wait(10 * harness.SCALE), 0, written)
        return written

    def test_the_table_fits_the_window_and_ctrl_c_gives_the_terminal_back(self):
        for rows, columns in (30, 100), (24, 80), (10, 40):
            with self.subTest(rows=rows, columns=columns):
                written = self.on_terminal(rows, columns)
                before, entered, rest = written.partition(ENTER)
                drawn, left, after = rest.partition(LEAVE)
                self.assertTrue(entered and left and not before, written)
                self.assertIn("\x1b[?25h", drawn)  # the cursor is shown again
                for frame in drawn.split("\x1b[H")[1:]:
                    lines = ESCAPE.sub("", frame).replace("^C", "").split("\n")  # echoed
                    self.assertLessEqual(len(lines), rows)
                    self.assertLessEqual(max(len(line.rstrip("\r")) for line in lines), columns)
                # The last table stays, whole, and where everything is.
                self.assertRegex(after, r"accepted +[0-9,]+ .*\n")
                self.assertNotIn("Ctrl-C", after)
                self.assertIn("Stopped; everything played is in ", after)

    def test_the_demo_plays_wagers_that_count(self):
        folder = self.site()
        done = harness.verb("demo", "--site", folder / "site", "--data", folder / "data", "--seconds", "2")
        self.assertEqual(done.code, 0, done.err)
        accepted = [int(number) for number in re.findall(r"accepted (\d+)", done.out)]
        self.assertGreater(accepted[-1], 1000, done.out)
        verified = harness.verb("verify", "--json", "--data", folder / "data").json()
        self.assertEqual(verified["violations"], [])
        self.assertGreater(verified["players"], 100)


if __name__ == "__main__":
    unittest.main()
