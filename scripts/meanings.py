"""What packages, folders and settings of endpoints are for: the words of the generated documents."""

PACKAGES = {  # folders; a module of its own says it in its docstring
    "cli": "The commands, one file each; the only error boundary",
    "serve": "The one port: who may ask, who answers, who waits, what it costs; wires, status page",
    "simulator": "GitHub on this machine: a double of its API, git over HTTP, and a runner for the real workflow files",
    "jobs": "What the jobs of the workflows call, one file each: gate, open, ship, send, close, watch …",
    "install": "`factory init` and what `factory doctor` looks at on GitHub",
    "stages": "The line itself: start reading at `line.py`",
    "context": "What a model gets to see of a repository",
    "handover": "Bundles that cross a job boundary, and what is checked when one arrives",
    "desk": "All that a role may touch: ask, write in one shot, work in the tool loop",
    "hunt": "The bug hunt: detectors over a tree, triage, fixes without a model; gives findings and nothing else",
    "audit": "A change's data flow by rules: entries, boundaries, strangers' values on their way; findings and facts",
    "render": "Pull request, reports, terminal; formats and decides nothing",
    "checks": "Finds and runs the repository's own tests and linters; what comes out is evidence",
    "edits": "Edit blocks, leases, protected paths, merging",
    "gpu": "The planner (what fits, how fast) and the box itself: cards, engines, profiles, swaps, leases",
    "rented": "GPUs by the hour: kept, paid ahead, ended when idle, and reaped when nobody claims them",
    "llm": "The one model client: chains, retries, prices, redaction; one provider a wire",
    "forge": "Where issues, branches and pull requests live: GitHub, or a local repository",
    "sandbox": "The only place where a repository's own code runs",
    "codegraph": "Symbols, references and imports of a tree, kept by content; queries and ranking over them",
    "memory": "What earlier runs taught: observations, lessons, recall, decay",
    "ledger": "Journal, replay, spend, egress",
    "contracts": "The records and the seams; imports nothing of ours",
}
BESIDE = {
    "agents/": "The thirteen roles; imports `factory.contracts` only",
    "prompts/": "One folder a role, one file a verb, and `_shared/`",
    "examples/": "The demo's shop, its issue and its recorded answers",
    "tests/": "Mirror of the tree; `tests/line/` walks the whole line",
    "docs/": "Start at docs/README.md",
}
ENDPOINT_NOTES = {
    "name": "set from the table's name",
    "wire": "which protocol the server speaks; `command` runs an installed CLI, `scripted` answers from a file",
    "url": "base URL, with `/v1` on the OpenAI wire",
    "model": "the model's name as the server knows it",
    "tier": "who runs the server. `local` means yours: free unless priced, nothing redacted, allowed by default. Name "
    "`rented` (counts as cloud) or `frontier` for everything else; the address is not looked at",
    "context": "tokens, prompt and answer together",
    "max_output": "most tokens of one answer",
    "key_env": "name of the environment variable that holds the key; the key itself never stands in the file",
    "command": "wire `command`: the program and its arguments; the prompt goes to its standard input",
    "script": "wire `scripted`: the file of recorded answers",
    "json_schema": "the server takes `response_format` with a JSON schema",
    "tools": "the server takes native tool calls",
    "vision": "the model sees pictures: the tool `screenshot` shows it some; only the tier `local` is sent any",
    "logprobs": "the server returns log-probabilities (they sharpen the confidence)",
    "first_token_s": "seconds to wait for the first token",
    "idle_s": "seconds to wait between tokens",
    "price_in": "dollars per million tokens read; unknown prices are refused outside `local`",
    "price_out": "dollars per million tokens written",
    "price_cached": "dollars per million tokens read from a cache; default: price_in",
    "price_cache_write": "dollars per million tokens written to a cache; default: price_in",
    "factory": "the server is a factory's own: no retries and no second reservation",
    "grades": "model tiers it serves (`fast` effort 1-2, `balanced` 3-5, `deep-coder` 6-7, `deep-logic` 8-9, `ultra` "
    "10); none = all. Counts where no [[chain]] says more",
    "speaks": "requests the gateway may pass to it as they are; none = `chat`, `completions` and `embeddings` on the "
    "OpenAI wire, `messages` on Anthropic's. vLLM also speaks `responses` and `messages`",
    "kv_tokens": "tokens its KV cache holds for all requests together: the gateway lets no more in at once",
    "kv_block": "tokens of one block of that cache",
    "parallel": "requests the gateway sends it at once; none = as many as come",
}

EXIT = """
## Exit codes

| code | means |
|---|---|
| 0 | done |
| 1 | the task was not solved, or no model could be reached |
| 2 | usage or configuration, a wrong key too |
| 3 | our bug |
| 4 | a limit was hit: budget, rate limit, disk |
| 130 | interrupted |

Why a run stopped, as `run.json` and `--json` name it:

"""
PROMPTS = """# Prompts

Each is a Jinja2 template in `prompts/`, rendered with exactly the variables that its first line names. What several
share lies in `prompts/_shared/`.

"""
TOOLS = """
## Tools of the loop

From `prompts/_shared/tools.json`. Edits are blocks of text ([edits.md](edits.md)), not a tool.

"""
RECORDS = """# Records

Facts travel as frozen records that refuse unknown fields. `factory schema NAME` prints the JSON Schema of each.

"""
COMMENTS = """# Commands in comments

A comment on an issue or a pull request is a command when its first line begins with `/factory`, exactly so: not in a
quote, not in a block of code, not indented, not after other words. The first line holds the command and nothing else.
What stands on the lines below is for people and for the models that work on it: below `redo` and the other words on an
earlier run it goes into the task and into the orders of the units that the word is about. An edited comment is never a
command.

"""
ANSWERS = """
The lowest role is the setting `github.role` (`write` unless you change it) or what `github.roles` names for a single
command. Roles are asked of GitHub each time; bots count only when `github.bots` names them. UNIT is a unit's id as the
plan shows it, AMOUNT is in dollars: `+2.50`.

Who may not command gets no answer at all: no comment, no reaction. Who may and mistypes is told once what to write.

While a run is at work on the issue, `redo`, `only` and `skip` wait for it: a swarm is not sent on to the box before the
word has had its turn. What is said of a pull request waits in the same way, and so does what there is no money for
today: [what waits](github.md#what-waits). `stop` forgets what waits, `retry` takes it up at once where the limit allows
it. `budget` counts from a run's next part on: what is at work keeps the limit that it began with.

Where runs failed too often in a row ([quarantine](github.md#quarantine)), only people start anything:
`/factory retry`, any other command that starts work, or a trigger label that a person sets anew.
"""
