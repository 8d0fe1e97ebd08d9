"""Handlers: a repository's labels, and those of an issue. Putting on a label that there is not makes it."""

import re
from collections.abc import Iterable
from typing import Any

from factory.simulator.hub.nouns import Issue, Label, Repository
from factory.simulator.hub.routes import Answer, Call, Refused, Reply, invalid, paged, route
from factory.simulator.hub.state import Hub
from factory.simulator.hub.texts import need_role
from factory.simulator.hub.views import label_view, labels_view

_READ = [("issues", "read"), ("pull_requests", "read")]
_WRITE = [("issues", "write"), ("pull_requests", "write")]
MOST = 100  # labels on one issue


def names_of(labels: Iterable[Any]) -> list[str]:
    """Of strings or of objects with a name."""
    found = [each if isinstance(each, str) else str(each.get("name", "")) for each in labels or ()]
    if len(found) > MOST:
        raise Refused(422, "Validation Failed", ["an issue has at most 100 labels"])
    return found


def ensure(hub: Hub, call: Call, repo: Repository, name: str) -> Label:
    found = repo.labels.get(name.lower())
    return found or _add(hub, call, repo, Label(hub.next_id(), _name(name)))


def _add(hub: Hub, call: Call | None, repo: Repository, label: Label) -> Label:
    repo.labels[label.name.lower()] = label
    hub.emit(call, repo, "label", {"action": "created", "label": label_view(hub, repo, label)})
    return label


def _name(name: str) -> str:
    if not name.strip() or len(name) > 50:
        raise invalid("Label", "name", "invalid")
    return name


def _color(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{6}", text):
        raise invalid("Label", "color", "invalid")
    return text.lower()


def _description(text: str) -> str:
    if len(text) > 100:
        raise invalid("Label", "description", "custom", "description is too long (maximum is 100 characters)")
    return text


def _label(repo: Repository, name: str) -> Label:
    found = repo.labels.get(name.lower())
    if not found:
        raise Refused(404, "Not Found")
    return found


@route("GET", "/repos/{owner}/{repo}/labels", permission=_READ)
def list_labels(hub: Hub, call: Call) -> Reply:
    return paged(hub, call, list(call.repo.labels.values()), lambda each: label_view(hub, call.repo, each))


@route("POST", "/repos/{owner}/{repo}/labels", permission=_WRITE)
def create_label(hub: Hub, call: Call) -> Reply:
    need_role(hub, call, call.repo, "write")
    name = _name(str(call.body.get("name", "")))
    if name.lower() in call.repo.labels:
        raise invalid("Label", "name", "already_exists")
    label = Label(hub.next_id(), name, _color(call.body.get("color") or "ededed"),
                  _description(call.body.get("description") or ""))  # fmt: skip
    return 201, label_view(hub, call.repo, _add(hub, call, call.repo, label))


@route("GET", "/repos/{owner}/{repo}/labels/{name}", permission=_READ)
def get_label(hub: Hub, call: Call) -> Reply:
    return 200, label_view(hub, call.repo, _label(call.repo, call.params["name"]))


@route("PATCH", "/repos/{owner}/{repo}/labels/{name}", permission=_WRITE)
def edit_label(hub: Hub, call: Call) -> Reply:
    repo, label = call.repo, _label(call.repo, call.params["name"])
    need_role(hub, call, repo, "write")
    old, new, before = label.name, _name(call.body.get("new_name") or label.name), dict(vars(label))
    if new.lower() != old.lower() and new.lower() in repo.labels:
        raise invalid("Label", "name", "already_exists")
    label.color = _color(call.body.get("color") or label.color)
    label.description = _description(call.body.get("description", label.description) or "")
    del repo.labels[old.lower()]
    label.name, repo.labels[new.lower()] = new, label
    for issue in repo.issues.values():
        issue.labels = [new if each == old else each for each in issue.labels]
    changes = {name: {"from": value} for name, value in before.items() if value != getattr(label, name)}
    hub.emit(call, repo, "label", {"action": "edited", "label": label_view(hub, repo, label), "changes": changes})
    return 200, label_view(hub, repo, label)


@route("DELETE", "/repos/{owner}/{repo}/labels/{name}", permission=_WRITE)
def delete_label(hub: Hub, call: Call) -> Reply:
    repo, label = call.repo, _label(call.repo, call.params["name"])
    need_role(hub, call, repo, "write")
    del repo.labels[label.name.lower()]
    for issue in repo.issues.values():
        issue.labels = [each for each in issue.labels if each != label.name]
    hub.emit(call, repo, "label", {"action": "deleted", "label": label_view(hub, repo, label)})
    return Answer(204)


# on an issue


def _issue(hub: Hub, call: Call) -> Issue:
    return hub.issue(call.repo, call.params["issue_number"])


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/labels", permission=_READ)
def issue_labels(hub: Hub, call: Call) -> Reply:
    return paged(hub, call, labels_view(hub, call.repo, _issue(hub, call)), lambda each: each)


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", permission=_WRITE)
def add_labels(hub: Hub, call: Call) -> Reply:
    return _set(hub, call, [*_issue(hub, call).labels, *_asked(call)])


@route("PUT", "/repos/{owner}/{repo}/issues/{issue_number}/labels", permission=_WRITE)
def replace_labels(hub: Hub, call: Call) -> Reply:
    return _set(hub, call, _asked(call))


@route("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels", permission=_WRITE)
def clear_labels(hub: Hub, call: Call) -> Reply:
    _set(hub, call, [])
    return Answer(204)


@route("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", permission=_WRITE)
def remove_label(hub: Hub, call: Call) -> Reply:
    issue, name = _issue(hub, call), call.params["name"].lower()
    if name not in (each.lower() for each in issue.labels):
        raise Refused(404, "Label does not exist")
    return _set(hub, call, [each for each in issue.labels if each.lower() != name])


def _asked(call: Call) -> list[str]:
    return names_of(call.body if isinstance(call.body, list) else call.body.get("labels") or ())


def _set(hub: Hub, call: Call, names: list[str]) -> Reply:
    from factory.simulator.hub.issues import set_labels  # issues know labels; only here the other way round

    need_role(hub, call, call.repo, "triage")
    set_labels(hub, call, call.repo, _issue(hub, call), names_of(names))
    return 200, labels_view(hub, call.repo, _issue(hub, call))
