"""Where strangers come in: routes, commands, message handlers; and which of a handler's parameters are theirs."""

import re
from dataclasses import dataclass

from factory.audit.code import Expr, File, Function, expressions

VERBS = (
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "all",
    "route",
    "websocket",
    "api_route",
    "add_url_rule",
)
_ROUTER = re.compile(r"(?i)(^|_|\.)(app|application|api|router|bp|blueprint|server|fastify|\w*router|\w*_bp|\w*_api)$")
_MESSAGE = re.compile(
    r"(?:^|\.)(task|shared_task|subscriber|on_message|on_event|listener|consumer|actor|message_handler)$"
)
_COMMAND = re.compile(r"(?:^|\.)(command|callback|cli)$")
_VIEWS = re.compile(r"(^|/)(views?|viewsets?|api)(/|\.py$|_\w+\.py$)|_views?\.py$")
_NUMBER = re.compile(r"<(?:int|float|uuid):(\w+)>")
_HARMLESS_TYPE = re.compile(r"^(Optional\[)?(int|float|bool|UUID|uuid\.UUID|date|datetime|Decimal|Literal\[.*|Request"
                            r"|Response|BackgroundTasks|Session|AsyncSession|HttpRequest|WebSocket)\b")  # fmt: skip
_GIVEN = ("Depends", "Security", "BackgroundTasks")
_PLAIN = re.compile(r"^(Annotated\[)?(Optional\[)?(str|bytes|list|List|dict|Dict|Any|UploadFile|$)")


@dataclass(frozen=True)
class Entry:
    kind: str  # "route", "command", "message"
    name: str  # "POST /login", a command's name
    path: str
    line: int
    end: int
    function: str
    marks: tuple[str, ...] = ()  # names of decorators, dependencies and middleware
    theirs: tuple[str, ...] = ()  # parameters that a stranger chooses
    checked: tuple[str, ...] = ()  # those of them that a schema lists the fields of

    @property
    def writes(self) -> bool:
        return self.name.partition(" ")[0] in ("POST", "PUT", "PATCH", "DELETE")


def entries_of(file: File) -> list[Entry]:
    found = [entry for function in file.functions if (entry := _of_function(file, function))]
    if file.script:
        found += [entry for function in file.functions for entry in _of_calls(file, function)]
    return sorted(found, key=lambda entry: entry.line)


def _of_function(file: File, function: Function) -> Entry | None:
    marks = tuple(mark.dotted for mark in function.marks if mark.dotted)
    for mark in function.marks:
        last = mark.dotted.rpartition(".")[2]
        where = _const(mark.args[0]) if mark.args else ""
        if last in VERBS and mark.base is not None and where.startswith("/"):
            names = _methods(mark) or (["GET"] if last == "route" else [last.upper()])
            guards = (*marks, *_dependencies(mark), *(each for each in function.defaults if each in _GIVEN))
            theirs = [name for name in _theirs(function) if name not in _NUMBER.findall(where)]
            listed = tuple(name for name, kind in zip(function.params, function.types, strict=True)
                           if name in theirs and not _PLAIN.match(kind))  # fmt: skip
            return _entry(file, function, "route", f"{'/'.join(names)} {where}", guards, tuple(theirs), listed)
        if _MESSAGE.search(mark.dotted):
            return _entry(file, function, "message", function.name, marks, ())
        if _COMMAND.search(mark.dotted) and "." in mark.dotted:
            return _entry(file, function, "command", function.name, marks, ())
    short = function.name.rpartition(".")[2]
    if not file.script and _VIEWS.search(file.path) and "request" in function.params[:2] and not short.startswith("_"):
        verb = short.upper() if function.owner and short in VERBS else "ANY"
        after = function.params[function.params.index("request") + 1 :]
        return _entry(file, function, "route", f"{verb} {function.name}", marks, _theirs(function, after))
    if short in ("lambda_handler", "handler") and function.params[:1] == ("event",):
        return _entry(file, function, "message", function.name, marks, ("event",))
    return None


def _entry(file: File, function: Function, kind: str, name: str, marks: tuple[str, ...], theirs: tuple[str, ...],
           checked: tuple[str, ...] = ()) -> Entry:  # fmt: skip
    return Entry(kind, name, file.path, function.start, function.end, function.name, marks, theirs, checked)


def _theirs(function: Function, names: tuple[str, ...] | None = None) -> tuple[str, ...]:
    rows = zip(function.params, function.types, function.defaults, strict=True)
    return tuple(
        name for name, kind, default in rows
        if name not in ("self", "cls", "request") and (names is None or name in names)
        and not _HARMLESS_TYPE.match(kind) and default not in _GIVEN and "Depends" not in kind
    )  # fmt: skip


def _methods(mark: Expr) -> list[str]:
    given = dict(mark.keywords).get("methods")
    return [each.text.upper() for each in given.args if each.kind == "const"] if given else []


def _dependencies(mark: Expr) -> tuple[str, ...]:
    given = dict(mark.keywords).get("dependencies")
    return tuple(each.dotted for each in given.args if each.dotted) if given else ()


def _of_calls(file: File, function: Function) -> list[Entry]:
    """Express and its like: `app.get('/x', check, (req, res) => …)`."""
    found = []
    for call in expressions(function.body):
        verb = call.text if call.kind == "call" else ""
        if verb not in VERBS or call.base is None or not _ROUTER.search(call.base.dotted) or len(call.args) < 2:
            continue
        where, handler = _const(call.args[0]), call.args[-1]
        if not where.startswith("/"):
            continue
        marks = tuple(each.dotted or "?" for each in call.args[1:-1])
        last = max([call.line, *(each.line for each in expressions(handler.body))])
        found.append(Entry("route", f"{verb.upper()} {where}", file.path, call.line, last, handler.dotted, marks))
    return found


def _const(expr: Expr) -> str:
    return expr.text if expr.kind == "const" else ""
