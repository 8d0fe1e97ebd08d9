"""Values followed through one function: from where strangers chose them to where they do something."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from factory.audit.code import Expr, File, Function, Stmt, inside, options
from factory.audit.tables import Sink, Table
from factory.audit.taint import MOST_TEXT, Origin, Reached, Step, Summary, Taint, after, joined, taken_out

_CHECKING = re.compile(
    r"(?i)(valid|check|allow|safe|sanit|permit|is_|^is[A-Z]|match|test|has$|contains|includes|startswith|endswith"
    r"|relative_to|commonpath|whitelist|schema|verify|^<(in|notin|eq|===|==|!==|!=|noteq)\b)"
)
MOST_LOOKS = 20_000  # at statements, those in loops twice: loops in loops in loops would take for ever
_CLEANING = re.compile(
    r"(?i)^(\w*sanit\w*|\w*escape\w*|clean_\w+|\w*validate\w*|\w*allowed\w*|safe_\w+|normali[sz]e_\w+|quote\w*)$"
)


_BUILTIN = frozenset(("Object", "String", "Number", "Array", "Map", "Set", "Date", "Error", "URL", "URLSearchParams",
                      "Buffer", "Promise", "Boolean", "RegExp", "Function", "Response", "Request", "Blob", "FormData",
                      "TypeError", "Uint8Array"))  # fmt: skip


Resolve = Callable[[File, Function, Expr], tuple[Function, Summary] | None]


class Follow:
    """One function, once. `given`: what its parameters hold."""

    def __init__(self, file: File, function: Function, table: Table, given: Mapping[str, Taint], resolve: Resolve,
                 page: bool = False) -> None:  # fmt: skip
        """`page`: what it returns is a page."""
        self.file, self.function, self.table, self.resolve, self.page = file, function, table, resolve, page
        self.env: dict[str, Taint] = dict(given)
        self.left = MOST_LOOKS
        self.handler = any(
            "http.server" in line or "tornado" in line for line in file.lines
        )  # `self.path` is a request's
        self.reached: list[Reached] = []
        self.returned: list[Taint] = []

    def run(self) -> Summary:
        self.block(self.function.body)
        unique = {
            (each.sink.rule, each.origin.label, each.origin.param, each.path, each.line): each for each in self.reached
        }
        return Summary(tuple(unique.values()), joined(self.returned))

    def block(self, body: tuple[Stmt, ...]) -> None:
        for one in body:
            self.stmt(one)

    def stmt(self, one: Stmt) -> None:
        self.left -= 1
        if self.left < 0:
            return
        if one.does == "if":
            self.branch(one)
        elif one.does == "loop":
            over = self.value(one.value) if one.value else ()
            for name, _ in one.targets:
                self.env[name] = tuple(each.at(self.file.path, one.line) for each in over)
            for _ in range(2):
                self.block(one.body)
        elif one.value is not None:
            taint = self.value(one.value)
            if one.does == "assign":
                for name, key in one.targets:
                    self.env[name] = self.taken(one, name, key, taint)
            elif one.does == "store" and one.place is not None:
                self.stored(one, one.place, taint)
            elif one.does == "return":
                self.returned.append(taint)
                if self.page:
                    self.reach(self.table.sinks["make_response"][0][1], taint, one.line, "the answer")

    def taken(self, one: Stmt, name: str, key: str, taint: Taint) -> Taint:
        """What a name gets; a pattern's key out of a source is a source."""
        if key and one.value is not None and not taint:
            kind = self.table.source(Expr("attr", one.line, f"{one.value.dotted}.{key}"))
            taint = (Origin(kind, f"{one.value.dotted}.{key}"),) if kind else ()
        more = tuple(each.at(self.file.path, one.line) for each in taint)
        return tuple(replace(each, part=True) for each in more) if key else more

    def branch(self, one: Stmt) -> None:
        if one.value is not None:
            self.value(one.value)
            self.check(one.value)
        before = dict(self.env)
        self.block(one.body)
        then, self.env = self.env, dict(before)
        self.block(one.orelse)
        ways = [env for env, ends in ((then, one.ends[0]), (self.env, one.ends[1])) if not ends] or [before]
        names = {name for env in ways for name in env}
        self.env = {name: joined(env.get(name, ()) for env in ways) for name in names}

    def check(self, test: Expr) -> None:
        """A name that a test looks at closely is taken for checked from here on; that it is there proves nothing."""
        for part in inside(test):
            if part.kind != "call":
                continue
            exact = part.dotted.startswith("<")
            if not _CHECKING.search(part.dotted if exact else part.text or part.dotted):
                continue
            if exact and part.dotted[1:-1] in ("eq", "noteq", "==", "===", "!=", "!==") and _empty(part):
                continue
            looked = part.args[:1] if part.dotted in ("<in>", "<notin>") else (part,)
            for inner in (each for one in looked for each in inside(one)):
                if inner.kind == "name":
                    self.env[inner.text] = ()
                elif inner.base is not None and self.table.source(inner.base):
                    self.env[f"={inner.dotted}"] = ()

    def stored(self, one: Stmt, place: Expr, taint: Taint) -> None:
        key = place.args[0] if place.kind == "index" and place.args else None
        if place.kind == "attr" and place.text in ("innerHTML", "outerHTML", "srcdoc"):
            self.reach(self.table.sinks["insertAdjacentHTML"][0][1], taint, one.line, place.dotted or place.text)
        keys = self.value(key) if key is not None else ()
        if self.file.script and keys and place.base is not None and place.base.kind == "index":
            self.reach(self.table.sinks["defaultsDeep"][0][1], keys, one.line, "a key of an object in an object")
        root = place.base
        while root is not None and root.base is not None:
            root = root.base
        if root is not None and root.kind == "name" and taint and root.text not in ("self", "this"):
            self.env[root.text] = joined((self.env.get(root.text, ()), taint))

    def value(self, expr: Expr) -> Taint:
        if expr.dotted and f"={expr.dotted}" in self.env:
            return ()
        kind = self.table.source(expr)
        if expr.dotted.startswith("self.") and not self.handler:
            kind = ""
        if kind and self.env.get(expr.dotted.partition(".")[0], None) != ():
            if expr.kind == "call":
                self.call(expr)
            return (Origin(kind, expr.dotted, steps=(Step(self.file.path, expr.line),)),)
        if expr.kind == "name":
            return self.env.get(expr.text, ())
        if expr.kind in ("attr", "index"):
            return self.part(expr)
        if expr.kind == "call":
            return self.call(expr)
        if expr.kind == "text":
            return self.text(expr)
        if expr.kind == "mix":
            return self.mixed(expr)
        return self.inline(expr, ())[:0] if expr.kind == "lambda" else ()

    def part(self, expr: Expr) -> Taint:
        for key in expr.args:
            self.value(key)
        taint = self.value(expr.base) if expr.base else ()
        if expr.kind == "attr" and expr.text == "length":
            return ()
        return tuple(replace(each, part=True) for each in taint)

    def mixed(self, expr: Expr) -> Taint:
        named = [taken_out(self.value(each), key) for key, each in expr.keywords]
        return joined([*(self.value(each) for each in expr.args), *named])

    def text(self, expr: Expr) -> Taint:
        """Parts side by side: each value learns what stands before it, and what constant text is around it."""
        before, found, words = "", [], []
        for part in expr.args:
            if part.kind == "const":
                before += part.text
                words.append(part.text)
                continue
            taint = self.value(part)
            found.append(tuple(replace(each, prefix=(before + each.prefix)[:MOST_TEXT]) for each in taint))
            words += [one.built for one in taint[:1]]
            before += taint[0].prefix + "?" if taint else "\0"
        built = "".join(words)[:MOST_TEXT]
        return tuple(replace(each, built=built, part=True) for each in joined(found))

    def inline(self, expr: Expr, given: Taint) -> Taint:
        """A function handed over: what it is called with is what it was handed to."""
        kept, before = dict(self.env), self.returned
        self.returned = []
        for name in (name for each in expr.params for name in each.split(",")):
            self.env[name] = given
            if not given:
                self.env.pop(name)
        self.block(expr.body)
        back, self.returned = joined(self.returned), before
        self.env = {**self.env, **{name: kept[name] for name in kept if name in expr.params}}
        return back

    def call(self, call: Expr) -> Taint:
        if call.dotted == "<if>":
            return self.chosen(call)
        base = self.value(call.base) if call.base is not None else ()
        lambdas = [each for each in call.args if each.kind == "lambda"]
        back = joined(self.inline(each, base) for each in lambdas)
        args = [() if each.kind == "lambda" else self.value(each) for each in call.args]
        named = {name: self.value(each) for name, each in call.keywords}
        for sink in self.table.sinks_of(call):
            self.sink(sink, call, base, args, named)
        self.spread(call, args, named)
        known = self.resolve(self.file, self.function, call)
        if known is not None:
            return self.through(call, *known, args, named)
        return self.outcome(call, base, joined([*args, *named.values()]), back)

    def chosen(self, call: Expr) -> Taint:
        before = dict(self.env)
        self.value(call.args[0])
        self.check(call.args[0])
        found = joined(map(self.value, call.args[1:]))
        self.env = before
        return found

    def outcome(self, call: Expr, base: Taint, args: Taint, back: Taint) -> Taint:
        """What a function that is not ours gives back."""
        last, table = call.dotted.rpartition(".")[2], self.table
        if call.dotted.startswith("<") or call.dotted in table.harmless or _CLEANING.match(last):
            return ()
        cwes = frozenset(cwe for cwe, names in table.cleans.items() if call.dotted in names)
        passed = joined((base, back, args if cwes or call.dotted in table.passes or last == "replace" else ()))
        if call.dotted == ".map" and call.args:
            passed = back
        return tuple(replace(each, clean=each.clean | cwes, part=each.part or bool(base)) for each in passed)

    def through(self, call: Expr, function: Function, summary: Summary, args: list[Taint],
                named: Mapping[str, Taint]) -> Taint:  # fmt: skip
        """A function of the tree: what it does with what it is given here."""
        params = function.params[1:] if function.params[:1] in (("self",), ("cls",)) else function.params
        shift = len(function.params) - len(params)
        given = {n + shift: taint for n, taint in enumerate(args)}
        given |= {function.params.index(name): taint for name, taint in named.items() if name in function.params}
        for each in summary.reached:
            for origin in given.get(each.origin.param, ()) if each.origin.param >= 0 else ():
                if origin.param < 0 and origin.kind not in each.sink.kinds:
                    continue
                came = origin.at(self.file.path, call.line)
                mixed = after(came, each.origin)
                self.reached.append(each._replace(origin=mixed, checked=each.checked or each.sink.cwe in came.clean))
        back: list[Origin] = []
        for one in summary.returned:
            if one.param < 0:
                back.append(one)
            back += [after(each.at(self.file.path, call.line), one) for each in given.get(one.param, ())]
        return joined([tuple(back)])

    def sink(self, sink: Sink, call: Expr, base: Taint, args: list[Taint], named: Mapping[str, Taint]) -> None:
        said = options(call)
        if (sink.needs and sink.needs not in said) or any(each in said for each in sink.unless.split("|") if each):
            return
        if sink.rule == "mass-assignment" and call.args and call.args[0].dotted == "{}" and not call.args[0].keywords:
            return  # a copy
        taken = [args[n] for n in sink.args if n < len(args)] + [named[key] for key in sink.keys if key in named]
        if sink.at == "base-or-0":
            taken = [base, *(args[:1] if call.text == "save" else [])]
        if "<system>" in sink.keys:
            taken += self.system(call)
        self.reach(sink, joined(taken), call.line, call.dotted.lstrip("."), call.base)

    def spread(self, call: Expr, args: list[Taint], named: Mapping[str, Taint]) -> None:
        """`Model(**sent)`, `new Model(sent)`: an object with whatever fields were sent."""
        name = call.dotted.rpartition(".")[2]
        sent = args[0] if self.file.script and args and name[:1].isupper() and name not in _BUILTIN else ()
        if not self.file.script and (
            name[:1].isupper() or name in ("create", "update_or_create", "get_or_create", "update")
        ):
            sent = named.get("**", ())
        if sent:
            sink = next(each for rows in self.table.sinks.values() for _, each in rows if each.cwe == "CWE-915")
            self.reach(replace(sink, whole=True), sent, call.line, call.dotted.lstrip("."))

    def system(self, call: Expr) -> list[Taint]:
        """What stands in messages of the system, or of the developer."""
        found = []
        for part in inside(call):
            if part.dotted == "{}" and any(key == "role" and each.text in ("system", "developer")
                                           for key, each in part.keywords):  # fmt: skip
                found += [self.value(each) for key, each in part.keywords if key == "content"]
        return found

    def reach(self, sink: Sink, taint: Taint, line: int, name: str, base: Expr | None = None) -> None:
        for one in taint:
            if one.param < 0 and one.kind not in sink.kinds:
                continue
            raw = not one.built and sink.raw_on is not None and base is not None and sink.raw_on.search(base.dotted)
            if sink.built and not raw and not sink.built.search(one.built):
                continue
            if sink.whole and one.part:
                continue
            fixed = sink.fixed is not None and sink.fixed.search(one.prefix)
            self.reached.append(
                Reached(
                    sink, one.at(self.file.path, line), self.file.path, line, name, sink.cwe in one.clean or bool(fixed)
                )
            )


def _empty(part: Expr) -> bool:
    """Compared with nothing: that a value is there is no check of it."""
    return any(each.kind == "const" and each.text in ("", "None", "null", "undefined", "0") for each in part.args)
