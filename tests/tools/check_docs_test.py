"""check_docs.py finds error codes without a page, pages without a code, and dead links."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent

ERRORS_H = """
enum class ErrorCode : std::uint16_t {
  kOk = 0,
  kOverloaded = 1,      // retry, kLater
  kOutcomeUnknown = 2,  /* kNever */
  kIOFailed
};
"""


class CheckDocs(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.write("runtime/api/include/laurel/api/errors.h", ERRORS_H)
        for page in ("overloaded", "outcome-unknown", "io-failed", "README"):
            self.write(f"docs/errors/{page}.md", "# Page\n")
        self.write("README.md", "# Title, with `code`\n[a](docs/errors/overloaded.md#page) "
                                "[b](#title-with-code) [c](https://example.org/x)\n"
                                "```\n[d](nowhere.md)\n```\n`[e](nowhere.md)`\n")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_checker(self):
        done = subprocess.run(
            [sys.executable, str(REPOSITORY / "tools" / "check_docs.py"), "--root",
             str(self.root)], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def assert_complaint(self, complaint):
        code, output = self.run_checker()
        self.assertEqual(code, 1, output)
        self.assertIn(complaint, output)
        self.assertEqual(len(output.splitlines()), 2, output)

    def test_a_clean_tree_passes(self):
        self.assertEqual(self.run_checker(), (0, "docs: ok\n"))

    def test_a_code_without_a_page_is_found(self):
        (self.root / "docs/errors/outcome-unknown.md").unlink()
        self.assert_complaint("kOutcomeUnknown has no page docs/errors/outcome-unknown.md")

    def test_a_page_without_a_code_is_found(self):
        self.write("docs/errors/forgotten.md", "# Forgotten\n")
        self.assert_complaint("docs/errors/forgotten.md:1: no error code has this name")

    def test_a_dead_link_is_found(self):
        self.write("docs/guide.md", "see\n[it](errors/none.md)\n")
        self.assert_complaint("docs/guide.md:2: errors/none.md: no such file")

    def test_a_dead_reference_is_found(self):
        self.write("docs/guide.md", "[it]\n\n[it]: errors/none.md\n")
        self.assert_complaint("docs/guide.md:3: errors/none.md: no such file")

    def test_a_dead_anchor_is_found(self):
        self.write("docs/guide.md", "[it](../README.md#elsewhere)\n")
        self.assert_complaint("../README.md#elsewhere: no such heading")


if __name__ == "__main__":
    unittest.main()
