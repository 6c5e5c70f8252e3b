"""check_layers.py finds a planted violation of each kind, and nothing in a clean tree."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent

CLEAN = {
    "contract/CMakeLists.txt": "laurel_room(contract PROTOS proto/laurel/contract/events.proto)\n",
    "contract/proto/laurel/contract/events.proto": "syntax = \"proto3\";\n",
    "runtime/api/include/laurel/api/turn.h": "#include <google/protobuf/message.h>\n",
    "runtime/include/laurel/runtime/store.h": "#include <string>\n#include \"laurel/api/turn.h\"\n",
    "runtime/src/partition.h": "#include \"laurel/runtime/store.h\"\n",
    "runtime/src/partition.cc":
        "#include \"partition.h\"\n#include \"laurel/contract/events.pb.h\"\n",
    "runtime/CMakeLists.txt": "laurel_room(runtime SOURCES src/partition.cc\n"
                              "  MAY_USE laurel::api laurel::contract)\n",
    "runtime/testkit/include/laurel/testkit/kit.h": "#include \"laurel/runtime/store.h\"\n",
    "runtime/adapters/rocksdb/src/store.cc":
        "#include <rocksdb/db.h>\n#include <unistd.h>\n#include \"laurel/runtime/store.h\"\n",
    "runtime/adapters/caf/src/host.cc": "#include <caf/all.hpp>\n",
    "actors/player/player.proto": "syntax = \"proto3\";\n",
    "actors/player/player.h": "#include \"laurel/api/turn.h\"\n",
    "actors/player/player.cc": "#include \"actors/player/player.h\"\n"
                               "#include \"actors/player/player.pb.h\"\n"
                               "#include \"laurel/contract/events.pb.h\"\n",
    "actors/player/player_test.cc": "#include <gtest/gtest.h>\n#include <thread>\n"
                                    "#include \"laurel/testkit/kit.h\"\n",
    "actors/entry/entry.h": "#include \"laurel/api/turn.h\"\n",
    "gateway/src/server.cc": "#include <boost/asio.hpp>\n#include <openssl/ssl.h>\n",
    "console/src/pages.cc": "#include <zlib.h>\n",
    "node/src/main.cc": "#include <spdlog/spdlog.h>\n#include \"laurel/runtime/store.h\"\n",
    "tests/unit/partition_test.cc": "#include <rocksdb/db.h>\n#include \"partition.h\"\n",
}

# What is planted: file, line, and what the checker must say.
VIOLATIONS = {
    "rocksdb in a core": ("runtime/src/partition.cc", "#include <rocksdb/db.h>",
                          "room runtime may not use rocksdb"),
    "rocksdb in the caf adapter": ("runtime/adapters/caf/src/host.cc", "#include <rocksdb/db.h>",
                                   "room adapter_caf may not use rocksdb"),
    "caf outside its adapter": ("node/src/main.cc", "#include <caf/actor.hpp>",
                                "room node may not use caf"),
    "boost outside gateway and console": ("runtime/api/include/laurel/api/turn.h",
                                          "#include <boost/asio.hpp>",
                                          "room api may not use boost"),
    "quoted third party": ("runtime/src/partition.cc", "#include \"simdjson.h\"",
                           "room runtime may not use simdjson"),
    "csv in the gateway": ("gateway/src/server.cc", "#include <csv.h>",
                           "room gateway may not use csv"),
    "toml outside config": ("node/src/main.cc", "#include <toml++/toml.h>",
                            "room node may not use tomlplusplus"),
    "the runtime in the console": ("console/src/pages.cc", '#include "laurel/runtime/store.h"',
                                   "room console may not use room runtime"),
    "metrics in the gateway": ("gateway/src/server.cc", "#include <prometheus/registry.h>",
                               "room gateway may not use prometheus"),
    "a log library in a core": ("runtime/src/partition.h", "#include <spdlog/spdlog.h>",
                                "room runtime may not use spdlog"),
    "the operating system in a core": ("runtime/src/partition.cc", "#include <sys/socket.h>",
                                       "room runtime may not use system"),
    "an unknown library": ("gateway/src/server.cc", "#include <absl/strings/str_cat.h>",
                           "belongs to no library"),
    "going up a folder": ("runtime/src/partition.cc", "#include \"../api/turn.h\"",
                          "never goes up a folder"),
    "going up a folder in a test": ("tests/unit/partition_test.cc", "#include \"../x.h\"",
                                    "never goes up a folder"),
    "a room that may not be used": ("runtime/api/include/laurel/api/turn.h",
                                    "#include \"laurel/runtime/store.h\"",
                                    "room api may not use room runtime"),
    "a proto that may not be used": ("runtime/api/include/laurel/api/turn.h",
                                     "#include \"laurel/contract/events.pb.h\"",
                                     "room api may not use room contract"),
    "another room's private header": ("gateway/src/server.cc", "#include \"partition.h\"",
                                      "private to room runtime"),
    "another room's private header by path": ("gateway/src/server.cc",
                                              "#include \"runtime/src/partition.h\"",
                                              "private to room runtime"),
    "a private header in a public one": ("runtime/include/laurel/runtime/store.h",
                                         "#include \"partition.h\"",
                                         "may not include a private one"),
    "a header that does not exist": ("node/src/main.cc", "#include \"laurel/runtime/nothing.h\"",
                                     "no room has such a public header"),
    "an actor that uses the runtime": ("actors/player/player.cc",
                                       "#include \"laurel/runtime/store.h\"",
                                       "room actor_player may not use room runtime"),
    "an actor that uses another": ("actors/player/player.cc", "#include \"actors/entry/entry.h\"",
                                   "room actor_player may not use room actor_entry"),
    "an actor with a thread": ("actors/player/player.cc", "#include <thread>",
                               "a turn is deterministic"),
    "an actor that uses the test kit": ("actors/player/player.cc",
                                        "#include \"laurel/testkit/kit.h\"",
                                        "room actor_player may not use room testkit"),
    "an actor's test that uses the runtime": ("actors/player/player_test.cc",
                                              "#include \"laurel/runtime/store.h\"",
                                              "room actor_player may not use room runtime"),
    "MAY_USE beyond the layers": ("runtime/CMakeLists.txt",
                                  "laurel_room(runtime MAY_USE laurel::gateway)",
                                  "room runtime may not use laurel::gateway"),
    "THIRD_PARTY beyond the layers": ("runtime/CMakeLists.txt",
                                      "laurel_room(runtime THIRD_PARTY_PUBLIC laurel_3p::caf)",
                                      "room runtime may not use laurel_3p::caf"),
    "a room at another place": ("runtime/CMakeLists.txt", "laurel_room(gateway SOURCES x.cc)",
                                "room gateway is not at runtime"),
    "a room nobody declared": ("runtime/CMakeLists.txt", "laurel_room(attic SOURCES x.cc)",
                               "room attic is not at runtime"),
    "a file outside the rooms": ("attic/src/old.cc", "int x;", "belongs to no room"),
}


class CheckLayers(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        (self.root / "tools").mkdir()
        shutil.copy(REPOSITORY / "tools" / "layers.toml", self.root / "tools")
        for name, text in CLEAN.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run_checker(self):
        done = subprocess.run(
            [sys.executable, str(REPOSITORY / "tools" / "check_layers.py"), "--root",
             str(self.root)], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_a_clean_tree_passes(self):
        self.assertEqual(self.run_checker(), (0, "layers: ok\n"))

    def test_each_planted_violation_is_found(self):
        for kind, (name, line, complaint) in VIOLATIONS.items():
            with self.subTest(kind):
                path = self.root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(CLEAN.get(name, "") + line + "\n")
                code, output = self.run_checker()
                self.assertEqual(code, 1, output)
                self.assertIn(complaint, output)
                self.assertIn(name + ":", output)
                self.assertEqual(len(output.splitlines()), 2, output)
                if name in CLEAN:
                    path.write_text(CLEAN[name])
                else:
                    path.unlink()


if __name__ == "__main__":
    unittest.main()
