"""Handlers: reactions. The same one by the same person again is answered with the one there is: 200, not 201."""

from factory.simulator.hub.comments import comment
from factory.simulator.hub.nouns import Reaction
from factory.simulator.hub.reviews import note
from factory.simulator.hub.routes import Answer, Call, Refused, Reply, invalid, paged, route
from factory.simulator.hub.state import Hub
from factory.simulator.hub.views import REACTIONS, reaction_view

_ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}/reactions"
_COMMENT = "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions"
_NOTE = "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions"
_READ = [("issues", "read"), ("pull_requests", "read")]
_WRITE = [("issues", "write"), ("pull_requests", "write")]


def _place(hub: Hub, call: Call) -> list[Reaction]:
    if "issue_number" in call.params:
        return hub.issue(call.repo, call.params["issue_number"]).reactions
    found = note(hub, call)[1] if "/pulls/" in call.path else comment(hub, call)[1]
    return found.reactions


def _react(hub: Hub, call: Call) -> Reply:
    content, place = str(call.body.get("content", "")), _place(hub, call)
    if content not in REACTIONS:
        raise invalid("Reaction", "content", "invalid")
    for each in place:
        if (each.author, each.content) == (call.login, content):
            return 200, reaction_view(hub, each)
    place.append(Reaction(hub.next_id(), call.login, content, hub.now()))
    return 201, reaction_view(hub, place[-1])


def _list(hub: Hub, call: Call) -> Reply:
    wanted = call.query.get("content", "")
    found = [each for each in _place(hub, call) if wanted in ("", each.content)]
    return paged(hub, call, found, lambda each: reaction_view(hub, each))


def _remove(hub: Hub, call: Call) -> Reply:
    place, number = _place(hub, call), call.number("reaction_id")
    for each in place:
        if each.id == number:
            if each.author != call.login:
                raise Refused(403, "Must have admin rights to Repository.")
            place.remove(each)
            return Answer(204)
    raise Refused(404, "Not Found")


list_on_issue = route("GET", _ISSUE, permission=_READ)(_list)
list_on_comment = route("GET", _COMMENT, permission=_READ)(_list)
list_on_note = route("GET", _NOTE, permission=("pull_requests", "read"))(_list)
react_to_issue = route("POST", _ISSUE, permission=_WRITE)(_react)
react_to_comment = route("POST", _COMMENT, permission=_WRITE)(_react)
react_to_note = route("POST", _NOTE, permission=("pull_requests", "write"))(_react)
remove_from_issue = route("DELETE", f"{_ISSUE}/{{reaction_id}}", permission=_WRITE)(_remove)
remove_from_comment = route("DELETE", f"{_COMMENT}/{{reaction_id}}", permission=_WRITE)(_remove)
remove_from_note = route("DELETE", f"{_NOTE}/{{reaction_id}}", permission=("pull_requests", "write"))(_remove)
