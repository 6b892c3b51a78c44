// The exports, judged by the meta-schemas and rules of those they are for. Takes the folder of golden files.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

const golden = process.argv[2];
assert.ok(golden, "the folder of golden files is missing");
// Not among what the package exports by name, but a file of it.
const packages = createRequire(import.meta.url).resolve.paths("x")?.[0] ?? "";
// The schemas within a document are left to the compiler of 2020-12 below, not to the copy of draft 7 that this names.
const text = readFileSync(join(packages, "@open-rpc/spec/dist/1_4/schema.json"), "utf8");
const metaSchema = JSON.parse(text.replaceAll(/https:\/\/meta\.json-schema\.tools\/?/g, "schemas.json"));
delete metaSchema.$schema;
const anySchema = {
  $id: "https://meta.open-rpc.org/schemas.json",
  type: ["object", "boolean"],
  definitions: { JSONSchemaObject: { properties: { $ref: { type: "string" } } } },
};
const formats = ["date-time", "uuid", "double", "float", "object-id", "uri", "regex", "uint", "int"]
  .concat([8, 16, 32, 64, 128].flatMap((bits) => [`int${bits}`, `uint${bits}`]));
const withFormats = (ajv) => formats.reduce((ajv, format) => ajv.addFormat(format, true), ajv);
const read = (app, name) => JSON.parse(readFileSync(join(golden, app, `${name}.json`), "utf8"));

/** Calls `visit` with every object in a document. */
function walk(value, visit) {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) visit(value);
  for (const one of Object.values(value)) walk(one, visit);
}

const keywordsOpenAiLacks = [
  "allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties", "prefixItems",
  "uniqueItems", "minLength", "maxLength", "default", "title",
];

for (const app of ["counter", "rich"]) {
  const document = read(app, "openrpc");
  const valid = withFormats(new Ajv({ strict: false, allErrors: true })).addSchema(anySchema).compile(metaSchema);
  assert.ok(valid(document), `${app}: ${JSON.stringify(valid.errors, null, 1)}`);
  const methods = document.methods.map(({ name }) => name);
  assert.equal(new Set(methods).size, methods.length, "method names are unique");
  for (const { params, paramStructure } of document.methods) {
    const firstOptional = params.findIndex(({ required }) => !required);
    assert.ok(firstOptional < 0 || params.slice(firstOptional).every(({ required }) => !required), "optional params are last");
    assert.match(paramStructure, /^(either|by-name)$/);
  }

  const schemas = read(app, "json-schema");
  const ajv = withFormats(new Ajv2020({ strict: false, allErrors: true }));
  ajv.addSchema(schemas, "doc");
  for (const name of Object.keys(schemas.$defs)) {
    const pointer = encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));
    assert.equal(typeof ajv.compile({ $ref: `doc#/$defs/${pointer}` }), "function");
  }

  const mcp = read(app, "mcp").tools;
  const openai = read(app, "openai");
  const anthropic = read(app, "anthropic");
  const names = mcp.map(({ name }) => name);
  assert.ok(names.length > 0);
  assert.equal(new Set(names).size, names.length, "tool names are unique");
  assert.deepEqual(openai.map(({ name }) => name), names);
  assert.deepEqual(anthropic.map(({ name }) => name), names);
  for (const name of names) assert.match(name, /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/);

  const inputs = [
    ...mcp.map(({ inputSchema }) => inputSchema),
    ...openai.map(({ parameters }) => parameters),
    ...anthropic.map(({ input_schema }) => input_schema),
  ];
  for (const schema of inputs) {
    assert.equal(schema.type, "object");
    for (const keyword of ["oneOf", "anyOf", "allOf", "$ref"]) assert.ok(!(keyword in schema), keyword);
    // Every reference leads somewhere within the tool.
    assert.equal(typeof withFormats(new Ajv2020({ strict: false })).compile(schema), "function");
  }
  for (const { annotations, _meta, inputSchema, outputSchema } of mcp) {
    assert.equal(annotations.readOnlyHint, !annotations.destructiveHint);
    assert.ok(inputSchema.required.includes(_meta["stayput/objectParam"]));
    assert.ok(outputSchema === undefined || outputSchema.type === "object");
  }
  for (const { input_schema } of anthropic) {
    walk(input_schema.properties, ({ properties }) => {
      for (const key of Object.keys(properties ?? {})) assert.match(key, /^[a-zA-Z0-9_.-]{1,64}$/);
    });
  }
  for (const { name, parameters } of openai.filter(({ strict }) => strict)) {
    walk(parameters, (node) => {
      for (const keyword of keywordsOpenAiLacks) assert.ok(!(keyword in node), `${name}: ${keyword}`);
      if (node.type === "object" || node.type?.includes?.("object")) {
        assert.equal(node.additionalProperties, false, name);
        assert.deepEqual([...node.required].sort(), Object.keys(node.properties).sort(), name);
      }
    });
  }
}

// What the rich app has that strict mode cannot say, and what it can.
const strict = Object.fromEntries(read("rich", "openai").map(({ name, strict }) => [name, strict]));
assert.deepEqual(
  [strict["chat_room_say"], strict["chat_room_tree"], strict["chat_room_paint"], strict["chat_room_then"]],
  [true, true, false, false],
);
console.log("all exports are valid");
