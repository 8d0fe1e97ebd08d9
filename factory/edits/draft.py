"""A tree being edited, in memory over git objects. No path of it is ever a path on this disk."""

import contextlib
import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from factory.contracts.change import Edit, FileChange
from factory.contracts.errors import EditProblem
from factory.contracts.seams import Trees
from factory.edits.leases import covers
from factory.edits.loss import check_loss
from factory.edits.paths import PathPolicy, escape
from factory.edits.places import Places
from factory.edits.replace import replaced
from factory.edits.text import MAX_BYTES, Text, decode, encoded, rewritten
from factory.llm.redact import PLACEHOLDER, Redaction

SYMLINK, SUBMODULE = "120000", "160000"


class _File(NamedTuple):
    """A file of the draft. `data` is None while it is still the stored blob; `origin` is its path in the base."""

    mode: str
    oid: str
    size: int
    data: bytes | None = None
    origin: str = ""


_State = dict[str, _File | None]  # None: deleted


class Draft:
    """For one unit: reads any file of the tree, changes what its lease covers. Not for use by several threads.

    `redaction` is what the model's prompts went through: a file's own secrets are put back where edits of it name them.
    """

    def __init__(
        self, trees: Trees, tree: str, lease: tuple[str, ...], policy: PathPolicy, removes: tuple[str, ...] = (),
        redaction: Redaction | None = None,
    ) -> None:  # fmt: skip
        self._trees, self._tree, self._lease, self._policy, self._removes = trees, tree, lease, policy, removes
        self._redaction = redaction
        self._base = trees.entries(tree)
        self._state: _State = {}

    def paths(self) -> Sequence[str]:
        """Every path of the draft, sorted; symlinks and submodules included."""
        return self._paths(self._state)

    def read(self, path: str) -> str:
        """A file's text with plain line ends and no byte order mark.

        Raises EditProblem: rule path_denied (outside the repository), missing, symlink, submodule, binary, encoding.
        """
        name = clean(path)
        return self._text(self._existing(self._state, name), name).seen

    def apply(self, edits: Iterable[Edit]) -> tuple[str, ...]:
        """Apply all edits or, raising EditProblem, none. Returns notes: inexact matches, text that does not parse."""
        todo = tuple(edits)
        state, notes = dict(self._state), []
        touched: dict[str, int] = {}
        for n, edit in enumerate(todo, 1):
            with _in_context(n, len(todo)):
                notes.extend(self._step(state, edit))
            touched[clean(edit.target or edit.path)] = n
        for path, n in touched.items():
            with _in_context(n, len(todo)):
                note = self._loss(state, path)
            notes.extend([note] if note else [])
        self._state = state
        return tuple(notes)

    def changes(self) -> tuple[FileChange, ...]:
        """What differs from the base tree, by path, deletions first; new contents are stored as blobs."""
        gone = [
            FileChange(path=path, op="delete", mode=self._base[path].mode)
            for path, file in sorted(self._state.items())
            if file is None and path in self._base
        ]
        return (*gone, *(change for path in sorted(self._state) if (change := self._written(path))))

    def tree(self) -> str:
        """The draft as a git tree."""
        changes = self.changes()
        return self._trees.overlay(self._tree, changes) if changes else self._tree

    def _written(self, path: str) -> FileChange | None:
        file = self._state[path]
        if file is None:
            return None
        if file.data is not None and not file.oid:
            file = file._replace(oid=self._trees.blob(file.data), size=len(file.data))
            self._state[path] = file
        before = self._base.get(path)
        if before is not None and (before.oid, before.mode) == (file.oid, file.mode):
            return None
        return FileChange(path=path, op="write", mode=file.mode, oid=file.oid, size=file.size)

    def _step(self, state: _State, edit: Edit) -> list[str]:
        path = clean(edit.path)
        self._may_touch(path)
        edit = self._with_secrets(state, path, edit)
        if edit.kind == "replace":
            return self._replace(state, path, edit)
        if edit.kind == "write":
            self._write(state, path, edit.text)
        elif edit.kind == "delete":
            self._existing(state, path)
            state[path] = None
        else:
            self._rename(state, path, clean(edit.target))
        return []

    def _with_secrets(self, state: _State, path: str, edit: Edit) -> Edit:
        """The edit with the secrets that this file holds, now or in the base, in the place of their placeholders."""
        if self._redaction is None or not PLACEHOLDER.search(edit.search + edit.text):
            return edit
        held = self._held(state, path)
        search, strange = self._redaction.put_back(edit.search, held)
        text, stranger = self._redaction.put_back(edit.text, held)
        if strange or stranger:
            raise EditProblem(
                f"{(*strange, *stranger)[0]} stands for a secret that {path} does not hold, so it cannot be written "
                "there: leave it out, or let the code read the value from the environment.", path, "redacted",
            )  # fmt: skip
        return edit.but(search=search, text=text)

    def _held(self, state: _State, path: str) -> list[str]:
        """What the file says now, and what it said in the base."""
        file = self._find(state, path)
        before = self._base.get((file.origin or path) if file else path)
        old = _File(before.mode, before.oid, before.size) if before else None
        texts = []
        for each in (file, old):
            if each is not None and each.mode not in (SYMLINK, SUBMODULE):
                with contextlib.suppress(EditProblem):  # no text: the edit itself will say so
                    texts.append(self._text(each, path).seen)
        return texts

    def _replace(self, state: _State, path: str, edit: Edit) -> list[str]:
        file = self._existing(state, path)
        text, spot = replaced(self._text(file, path), edit.search, edit.text)
        state[path] = file._replace(data=text.encode(), oid="")
        if spot.rung == "exact":
            return []
        return [f"{spot.rung} match ({spot.ratio:.0%} alike) at {path}:{spot.start + 1}"]

    def _write(self, state: _State, path: str, text: str) -> None:
        if self._find(state, path) is None:
            self._may_appear(state, path)
            data, file = encoded(path, text), _File("100644", "", 0)
        else:
            file = self._existing(state, path)
            data = rewritten(self._text(file, path), text)
        if len(data) > MAX_BYTES:
            raise EditProblem(
                f"{path} would have {len(data)} bytes, at most {MAX_BYTES} are allowed.", path, "too_large"
            )
        state[path] = file._replace(data=data, oid="")

    def _rename(self, state: _State, path: str, target: str) -> None:
        file = self._existing(state, path)
        self._may_touch(target)
        if self._find(state, target) is not None:
            raise EditProblem(f"{path} cannot become {target}: that file exists; delete it first.", target, "exists")
        state[path] = None
        self._may_appear(state, target)
        state[target] = file

    def _may_touch(self, path: str) -> None:
        reason = self._policy.refuse(path)
        if reason:
            rule = "path_denied" if escape(path) else "protected"
            raise EditProblem(f"{path!r} {reason}.", path, rule)
        if not covers(self._lease, path):
            raise EditProblem(
                f"{path} is outside this unit's lease ({', '.join(self._lease) or 'nothing'}): leave it as it is.",
                path, "lease",
            )  # fmt: skip

    def _may_appear(self, state: _State, path: str) -> None:
        """A new file may not stand where a folder is, under a file or a link, or be the twin of another name."""
        self._no_link_above(state, path)
        reason = Places(self._paths(state)).clash(path)
        if reason:
            raise EditProblem(reason, path, "clash")

    def _existing(self, state: _State, path: str) -> _File:
        reason = escape(path)
        if reason:
            raise EditProblem(f"{path!r} {reason}.", path, "path_denied")
        self._no_link_above(state, path)
        file = self._find(state, path)
        if file is None:
            raise EditProblem(f"There is no file {path} in the repository{self._hint(state, path)}.", path, "missing")
        _no_link(file, path)
        return file

    def _no_link_above(self, state: _State, path: str) -> None:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            above = "/".join(parts[:depth])
            file = self._find(state, above)
            if file is not None:
                _no_link(file, above)

    def _find(self, state: _State, path: str) -> _File | None:
        if path in state:
            return state[path]
        entry = self._base.get(path)
        return _File(entry.mode, entry.oid, entry.size, None, path) if entry else None

    def _paths(self, state: _State) -> list[str]:
        return sorted({*(path for path in self._base if path not in state), *(p for p, file in state.items() if file)})

    def _hint(self, state: _State, path: str) -> str:
        paths = self._paths(state)
        name = path.rpartition("/")[2]
        near = [other for other in paths if other.rpartition("/")[2] == name][:3]
        near = near or difflib.get_close_matches(path, paths[:5000], n=3, cutoff=0.75)
        return f": did you mean {' or '.join(near)}" if near else ""

    def _data(self, file: _File, path: str) -> bytes:
        if file.data is not None:
            return file.data
        if file.size > MAX_BYTES:
            raise EditProblem(f"{path} has {file.size} bytes: files over {MAX_BYTES} are not read.", path, "too_large")
        return self._trees.read(file.oid)

    def _text(self, file: _File, path: str) -> Text:
        return decode(path, self._data(file, path))

    def _loss(self, state: _State, path: str) -> str:
        file = state.get(path)
        before = self._base.get((file.origin or path) if file else path)
        if file is None or file.data is None or before is None or before.mode in (SYMLINK, SUBMODULE):
            return ""
        return check_loss(path, self._trees.read(before.oid), file.data, self._removes, before.path)


def clean(path: str) -> str:
    """Models like to write ./a.py."""
    name = path.strip()
    while name.startswith("./"):
        name = name[2:].lstrip("/")
    return name


def _no_link(file: _File, path: str) -> None:
    if file.mode == SYMLINK:
        raise EditProblem(
            f"{path} is a symlink: symlinks are refused, they are neither followed nor edited.", path, "symlink"
        )
    if file.mode == SUBMODULE:
        raise EditProblem(f"{path} is a submodule: its files belong to another repository.", path, "submodule")


@contextlib.contextmanager
def _in_context(n: int, total: int) -> Iterator[None]:
    """Say which edit of several it was, and that none of them was made."""
    try:
        yield
    except EditProblem as problem:
        place = f"Edit {n} of {total}: " if total > 1 else ""
        raise EditProblem(f"{place}{problem} Nothing was changed.", problem.path, problem.rule) from None
