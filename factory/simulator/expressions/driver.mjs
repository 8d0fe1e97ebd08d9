// GitHub's own workflow parser and expression evaluator behind JSON lines: one request a line in, one answer a line out.
// Operations: parse (a workflow or action file), evaluate (a value with ${{ }} in it), condition (an `if:`).
// evaluator.py speaks the other side; install.py bundles this file with the pinned packages.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { parseAction } from "@actions/workflow-parser/actions/action-parser";
import { convertActionTemplate } from "@actions/workflow-parser/actions/action-template";
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { ensureStatusFunction } from "@actions/workflow-parser/model/converter/if-condition";
import { TokenType } from "@actions/workflow-parser/templates/tokens/types";
import { parse as parseYaml } from "yaml";

const STRING = new Lexer("'x'").lex().tokens[0].type;
const CONTEXTS = [
  "github", "env", "vars", "secrets", "needs", "steps", "matrix", "strategy", "inputs", "job", "jobs", "runner",
];
const STATUS = ["success", "failure", "cancelled", "always"];
const FUNCTIONS = [...STATUS.map(name => ({ name, minArgs: 0, maxArgs: 255 })), { name: "hashfiles", minArgs: 1, maxArgs: 255 }];
const ALLOWED = [...CONTEXTS, "always(0,0)", "failure(0,MAX)", "cancelled(0,0)", "success(0,MAX)", "hashFiles(1,255)"];

/** A token tree as plain JSON; an expression stays the text `${{ … }}`. */
function plain(token) {
  switch (token.templateTokenType) {
    case TokenType.Mapping: {
      const pairs = [];
      for (const { key, value } of token) pairs.push([plainKey(key), plain(value)]);
      return Object.fromEntries(pairs);
    }
    case TokenType.Sequence:
      return [...token].map(plain);
    case TokenType.BasicExpression:
      return template(token);
    case TokenType.Null:
      return null;
    case TokenType.InsertExpression:
      return "${{ insert }}";
    default:
      return token.value;
  }
}

/** Of text over several lines the parser of 0.3.61 keeps YAML's indentation; GitHub's service sees the value. */
function template(token) {
  const lines = token.range ? token.range.end.line - token.range.start.line : 0;
  if (!lines || token.source === undefined) return "${{ " + token.expression + " }}";
  const header = token.blockScalarHeader ? token.blockScalarHeader.replace(/[0-9]/g, "") + "\n" : "";
  return String(parseYaml(`x: ${header}${token.source}`).x);
}

function plainKey(key) {
  return key.isExpression ? "${{ " + key.expression + " }}" : key.toString();
}

async function parse({ name, content, kind }) {
  const trace = new NoOperationTraceWriter();
  const file = { name, content };
  const { context, value } = kind === "action" ? parseAction(file, trace) : parseWorkflow(file, trace);
  if (value !== undefined && context.errors.count === 0) {
    if (kind === "action") convertActionTemplate(context, value);
    else await convertWorkflowTemplate(context, value, undefined, { maxReusableWorkflowDepth: 10 });
  }
  const errors = context.errors.getErrors().map(error => ({
    message: error.rawMessage ?? error.message,
    line: error.range?.start?.line ?? 0,
    column: error.range?.start?.column ?? 0,
  }));
  return { errors, document: value === undefined ? null : plain(value) };
}

function toData(value) {
  if (value === null || value === undefined) return new data.Null();
  if (typeof value === "string") return new data.StringData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(toData));
  return new data.Dictionary(...Object.entries(value).map(([key, each]) => ({ key, value: toData(each) })));
}

function fromData(value) {
  switch (value.kind) {
    case data.Kind.Null: return null;
    case data.Kind.Boolean: return value.value;
    case data.Kind.Number: return value.number();
    case data.Kind.String: return value.coerceString();
    case data.Kind.Array: return value.values().map(fromData);
    default: return Object.fromEntries(value.pairs().map(pair => [pair.key, fromData(pair.value)]));
  }
}

/** One expression. `status`: {success, failure, cancelled: booleans, results: {job: result}}. */
function calculate(text, { contexts, status, workspace }) {
  const known = new data.Dictionary(
    ...CONTEXTS.map(key => ({ key, value: key in contexts ? toData(contexts[key]) : new data.Null() })),
  );
  const tree = new Parser(lex(text), CONTEXTS, FUNCTIONS).parse();
  return new Evaluator(tree, known, functions(status ?? { success: true }, workspace)).evaluate();
}

/** The lexer of 0.3.61 unescapes only the first '' of a string; GitHub's service unescapes all. */
function lex(text) {
  const { tokens } = new Lexer(text).lex();
  for (const token of tokens) {
    if (token.type === STRING) token.value = token.lexeme.slice(1, -1).replaceAll("''", "'");
  }
  return tokens;
}

function functions(status, workspace) {
  const results = names => names.map(each => status.results?.[each.coerceString()]);
  const calls = {
    success: (...names) => (names.length ? results(names).every(each => each === "success") : Boolean(status.success)),
    failure: (...names) => (names.length ? results(names).includes("failure") : Boolean(status.failure)),
    cancelled: () => Boolean(status.cancelled),
    always: () => true,
  };
  const found = new Map();
  for (const { name, minArgs, maxArgs } of FUNCTIONS) {
    found.set(name, {
      name, minArgs, maxArgs,
      call: name === "hashfiles"
        ? (...patterns) => new data.StringData(hashFiles(workspace, patterns.map(each => each.coerceString())))
        : (...names) => new data.BooleanData(calls[name](...names)),
    });
  }
  return found;
}

/** SHA-256 over the SHA-256 of each matching file of the workspace, "" when none matches. */
function hashFiles(workspace, patterns) {
  if (!workspace) throw new Error("hashFiles() needs a workspace: it works in steps only");
  const rules = patterns.flatMap(each => each.split("\n")).map(each => each.trim()).filter(Boolean);
  const chosen = path => rules.reduce(
    (kept, rule) => (rule.startsWith("!") ? kept && !glob(rule.slice(1)).test(path) : kept || glob(rule).test(path)), false,
  );
  const all = createHash("sha256");
  const paths = walk(workspace, "").filter(chosen).sort();
  for (const path of paths) all.update(createHash("sha256").update(readFileSync(join(workspace, path))).digest());
  return paths.length ? all.digest("hex") : "";
}

function walk(root, under) {
  return readdirSync(join(root, under), { withFileTypes: true }).flatMap(entry => {
    const path = under ? `${under}/${entry.name}` : entry.name;
    if (entry.isDirectory()) return entry.name === ".git" ? [] : walk(root, path);
    return entry.isFile() ? [path] : [];
  });
}

function glob(pattern) {
  const source = pattern.replace(/^\.\//, "").replace(/\*\*\/|\*\*|\*|\?|[.+^$(){}|\\]/g, part => ({
    "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]",
  })[part] ?? `\\${part}`);
  return new RegExp(`^${source}$`);
}

/** Every string of a value with its `${{ }}` filled in; a string that is one expression becomes its value. */
function fill(value, request) {
  if (Array.isArray(value)) return value.map(each => fill(each, request));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [text(fill(key, request)), fill(each, request)]));
  }
  if (typeof value !== "string" || !value.includes("${{")) return value;
  const parts = split(value);
  if (parts.length === 1) return fromData(calculate(parts[0].expression, request));
  return parts.map(part => ("expression" in part ? calculate(part.expression, request).coerceString() : part.text)).join("");
}

function text(value) {
  return toData(value).coerceString();
}

/** A template's literal and expression parts; a quote inside an expression hides `}}`. */
function split(template) {
  const parts = [];
  let at = 0;
  for (;;) {
    const start = template.indexOf("${{", at);
    if (start < 0) break;
    let end = start + 3;
    let quoted = false;
    while (end < template.length && (quoted || !template.startsWith("}}", end))) {
      if (template[end] === "'") quoted = !quoted;
      end += 1;
    }
    if (end >= template.length) throw new Error(`The expression is not closed: ${template.slice(start)}`);
    if (start > at) parts.push({ text: template.slice(at, start) });
    parts.push({ expression: template.slice(start + 3, end).trim() });
    at = end + 2;
  }
  if (at < template.length || !parts.length) parts.push({ text: template.slice(at) });
  return parts;
}

/** An `if:`: bare or in ${{ }}; success() is implied unless it calls a status function. */
function condition(request) {
  let said = String(request.text ?? "").trim();
  const parts = said.includes("${{") ? split(said) : [];
  if (parts.length === 1) said = parts[0].expression;
  else if (parts.length) said = `'${fill(said, request).replaceAll("'", "''")}'`;
  const whole = said ? ensureStatusFunction(said, { allowedContext: ALLOWED }) : "success()";
  const result = calculate(whole, request);
  return !(result.kind === data.Kind.Null || result.coerceString() === "" || fromData(result) === false
    || (result.kind === data.Kind.Number && (result.number() === 0 || Number.isNaN(result.number()))));
}

const OPERATIONS = {
  parse,
  evaluate: request => fill(request.value, request),
  condition,
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const request = JSON.parse(line);
    answer = { result: await OPERATIONS[request.op](request) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
