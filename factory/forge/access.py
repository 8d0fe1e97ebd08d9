"""Who may do what, and where the repository stands: what the gate asks."""

from typing import Any

from factory.contracts.errors import HubForbidden, HubMissing
from factory.contracts.hub import Standing
from factory.forge.caller import Caller
from factory.forge.shapes import person, role, shaped


class AccessCalls:
    """Implements contracts.hub.Access and Owner."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._login = ""

    def standing(self, login: str) -> Standing:
        data = self.caller.call("GET", "/repos/{repo}/collaborators/{login}/permission", login=login)
        found = shaped(lambda data: Standing(person=person(data["user"] or {}), role=role(data)), data)
        if found.person.login.lower() != login.lower():
            raise HubMissing(f"GitHub answered for {found.person.login} when asked for {login}.")
        return found

    def own_login(self) -> str:
        if not self._login:
            known = self.caller.tokens.login()
            self._login = known or shaped(lambda data: str(data["login"]), self.caller.call("GET", "/user"))
        return self._login

    def server_time(self) -> str:
        return self.caller.limits.server_time

    def head(self, branch: str) -> str:
        try:
            data = self.caller.call("GET", "/repos/{repo}/git/ref/heads/{branch}", branch=branch)
        except HubMissing:
            return ""
        return shaped(lambda data: str(data["object"]["sha"]), data)

    def default_branch(self) -> str:
        return shaped(lambda data: str(data["default_branch"]), self.caller.call("GET", "/repos/{repo}"))

    def get(self, path: str) -> Any:
        """A setting below the repository (`actions/permissions`), None where the token may not or it is not there."""
        try:
            return self.caller.call("GET", "/repos/{repo}/{rest}", rest=path.strip("/"))
        except (HubForbidden, HubMissing):
            return None
