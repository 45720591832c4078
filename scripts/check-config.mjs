// Checks wrangler.toml against wrangler's own schema, which knows no setting that is misspelt.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import { parse } from "smol-toml";

const schema = JSON.parse(readFileSync("node_modules/wrangler/config-schema.json", "utf8"));
const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);

if (!validate(parse(readFileSync("wrangler.toml", "utf8")))) {
  for (const { instancePath, message, params } of validate.errors) {
    console.error(`wrangler.toml${instancePath} ${message} ${JSON.stringify(params)}`);
  }
  process.exit(1);
}
