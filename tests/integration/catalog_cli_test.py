"""`laurel catalog`: validate and schema without a node; list, show, publish and diff with one."""

import re
import shutil
import tomllib
import unittest

from harness import CRASH_GAME, REPOSITORY, NodeTest, audit_of, eventually, verb

EXAMPLES = sorted((REPOSITORY / "config" / "examples").glob("*/catalog/*.toml"))


def wrong(schema, value, root):
    """What a validator of JSON Schema, as far as ours go, has against the value; nothing: valid."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "anyOf" in schema:
        found = [wrong(each, value, root) for each in schema["anyOf"]]
        return None if None in found else found[0]
    if "enum" in schema:
        return None if value in schema["enum"] else f"{value} is none of {schema['enum']}"
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    if type(value) is not kinds[schema["type"]]:
        return f"{value} is no {schema['type']}"
    if isinstance(value, str):
        fits = re.search(schema.get("pattern", ""), value)
        return None if fits else f"{value} is no {schema['pattern']}"
    if isinstance(value, int) and not isinstance(value, bool):
        inside = schema["minimum"] <= value <= schema["maximum"]
        return None if inside else f"{value} is out of range"
    found = []
    if isinstance(value, list):
        found = [wrong(schema["items"], each, root) for each in value]
    if isinstance(value, dict):
        found = [f"{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, each in value.items():
            inner = schema.get("properties", {}).get(name, schema["additionalProperties"])
            found.append(wrong(inner, each, root) if inner else f"{name} is no key")
    return next((each for each in found if each), None)


class OfflineTest(unittest.TestCase):
    def schema(self, document):
        done = verb("catalog", "schema", document)
        self.assertEqual(done.code, 0, done.err)
        return done.json()

    def test_the_examples_are_valid(self):
        for folder in {path.parent for path in EXAMPLES}:
            done = verb("catalog", "validate", folder)
            self.assertEqual(done.code, 0, done.err)
            self.assertIn("documents are valid", done.out)

    def test_the_schemas_accept_the_examples_and_refuse_what_the_reader_refuses(self):
        for path in EXAMPLES:
            schema, document = self.schema(path.stem), tomllib.loads(path.read_text())
            self.assertIsNone(wrong(schema, document, schema), path)
            self.assertIsNotNone(wrong(schema, document | {"foo": 1}, schema), path)
        assets = self.schema("assets")
        self.assertIsNotNone(wrong(assets, {"assets": [{"id": "EUR"}]}, assets))
        self.assertIsNotNone(wrong(assets, {"assets": [{"id": "EUR", "scale": -1}]}, assets))
        self.assertIsNotNone(wrong(assets, {"assets": {"id": "EUR", "scale": 2}}, assets))

    def test_every_document_has_a_schema_whose_references_are_there(self):
        unknown = verb("catalog", "schema", "nothing")
        self.assertEqual(unknown.code, 1)
        names = unknown.err.split("there are ")[1].strip().split(", ")
        self.assertIn("program", names)
        for name in names:
            schema = self.schema(name)
            for reference in re.findall(r"'\$ref': '#/\$defs/([^']+)'", str(schema)):
                self.assertIn(reference, schema["$defs"])

    def test_a_folder_that_is_not_there_is_refused(self):
        done = verb("catalog", "validate", "/nowhere/catalog")
        self.assertEqual(done.code, 1)
        self.assertIn("/nowhere/catalog", done.err)
        self.assertEqual(verb("catalog", "validate").code, 2)
        self.assertEqual(verb("catalog", "publish").code, 2)


class CatalogVerbsTest(NodeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.catalog = cls.folder / "catalog"
        shutil.copytree(CRASH_GAME / "catalog", cls.catalog)

    def setUp(self):
        shutil.copytree(CRASH_GAME / "catalog", self.catalog, dirs_exist_ok=True)

    def change(self, old, new, name="program.toml"):
        path = self.catalog / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))

    def test_1_all_that_is_wrong_is_told_with_file_line_and_key_by_both_ways(self):
        self.change("per_stake", "per_steak")
        self.change('id = "BIT", scale = 2', 'id = "bit", scale = 99', "assets.toml")
        (self.catalog / "bonus.toml").write_text("")
        lines = [
            r"/program\.toml:7:1: earn\[0\]\.per_steak: there is no such key .*; allowed: name, ",
            r'/assets\.toml:3:\d+: assets\[0\]\.id: "bit" is no asset; allowed: ',
            r'/assets\.toml:3:\d+: assets\[0\]\.scale: "bit" has a scale out of range; allowed: ',
            r"/bonus\.toml: nothing declares this document; allowed: assets\.toml, ",
        ]
        try:
            offline = verb("catalog", "validate", self.catalog)
            online = self.node.verb("catalog", "publish", self.catalog)
            for done in (offline, online):
                self.assertCode(done, 1)
                for line in lines:
                    self.assertRegex(done.err, re.escape(str(self.catalog)) + line)
            told = verb("catalog", "validate", self.catalog, "--json").json()
            self.assertFalse(told["valid"])
            refused = self.node.verb("catalog", "publish", self.catalog, "--json")
            self.assertCode(refused, 1)
            self.assertEqual([each["line"] for each in refused.json()["errors"]],
                             [each["line"] for each in told["errors"]])
        finally:
            (self.catalog / "bonus.toml").unlink()

    def test_2_publish_list_show_and_diff(self):
        same = self.assertCode(self.node.verb("catalog", "publish", self.catalog), 0)
        self.assertIn("nothing to publish: version 1 says the same", same.out)
        self.change("1/10", "1/5")
        dry = self.assertCode(self.node.verb("catalog", "publish", self.catalog, "--dry-run"), 0)
        self.assertIn("version 2 would be accepted", dry.out)
        early = self.node.verb("catalog", "publish", self.catalog, "--effective-from",
                               "2020-01-01T00:00:00Z")
        self.assertCode(early, 1)
        self.assertIn("is too early; allowed: from ", early.err)
        done = self.node.verb("catalog", "publish", self.catalog, "--note", "twice the points",
                              "--effective-from", "2100-01-01T00:00:00Z")
        self.assertIn("version 2 is published: for events dated from 2100-01-01T00:00:00.000000Z",
                      self.assertCode(done, 0).out)

        self.assertEqual(eventually(lambda: [each[::2] for each in audit_of(self.node, "catalog/2")],
                                    [("catalog.publish", "twice the points")]),
                         [("catalog.publish", "twice the points")])
        self.assertEqual([each[::2] for each in audit_of(self.node, "catalog/1")],
                         [("catalog.publish", "first start")])

        listed = self.assertCode(self.node.verb("catalog", "list"), 0).out
        self.assertRegex(listed, r"(?m)^ +1\* .* the beginning +first start$")
        self.assertRegex(listed, r"(?m)^ +2  .* 2100-01-01T00:00:00\.000000Z +twice the points$")
        versions = self.node.verb("catalog", "list", "--json").json_lines()
        self.assertEqual([each["version"] for each in versions], ["1", "2"])

        shown = self.assertCode(self.node.verb("catalog", "show"), 0).out
        self.assertIn("# version 1, published ", shown)
        self.assertIn('per_stake = "1/10"', shown)
        newest = self.node.verb("catalog", "show", "newest", "--json").json()
        self.assertEqual(newest["note"], "twice the points")
        self.assertCode(self.node.verb("catalog", "show", "9"), 1)
        self.assertCode(self.node.verb("catalog", "show", "latest"), 2)

        diff = self.assertCode(self.node.verb("catalog", "diff", "1", "newest"), 0).out
        self.assertIn("--- 1/program.toml\n+++ newest/program.toml\n@@ ", diff)
        self.assertIn('\n-per_stake = "1/10"\n+per_stake = "1/5"\n', diff)
        self.assertEqual(self.node.verb("catalog", "diff", "2", self.catalog).out, "")
        (self.catalog / "assets.toml").unlink()
        lines = self.node.verb("catalog", "diff", "2", self.catalog, "--json").json_lines()
        self.assertEqual([(each["document"], each["change"]) for each in lines],
                         [("assets.toml", "removed")])

        sooner = self.node.verb("catalog", "publish", self.catalog, "--history")
        self.assertIn("version 2 was to begin later: it never will", self.assertCode(sooner, 0).out)
        self.assertIn("in backfills opened from now on, for events dated from the beginning on",
                      sooner.out)

    def test_3_a_stopped_nodes_versions_are_shown_from_its_directory(self):
        self.assertEqual(self.node.stop(), 0)
        try:
            listed = verb("catalog", "list", "--data", self.node.data, "--json").json_lines()
            self.assertEqual([each["version"] for each in listed], ["1", "2", "3"])
        finally:
            self.node.start()


if __name__ == "__main__":
    unittest.main()
