"""The gate's no, and who may: by the permission API, by explicit list for bots, and never by default."""

from factory.contracts.errors import FactoryError, HubLimited, HubProblem, HubUnauthorized, HubUnreachable
from factory.contracts.hub import Access, Person, Standing
from factory.contracts.tables import GithubSettings
from factory.contracts.ticket import ROLES, Denial, RoleName, Verb
from factory.forge.commands import role_for

CLOCKED = "schedule"  # the actor of what the clock starts; its id is 0


class Denied(FactoryError):
    """Nothing is started. `say` is for the asker ("": nothing is said), `why` for the log. `unanswered`: GitHub did not
    say, and may when it is asked later."""

    def __init__(self, code: Denial, say: str = "", why: str = "", unanswered: HubProblem | None = None) -> None:
        super().__init__(why or say or code)
        self.code: Denial = code
        self.say = say
        self.unanswered = unanswered


def authorised(person: Person, verb: Verb | None, access: Access, github: GithubSettings) -> Standing:
    """The asker's standing. Raises Denied: what cannot be known is no."""
    if person.login == CLOCKED and not person.id:
        return Standing(person=person, role="none")
    if person.kind != "User" or person.login.endswith("[bot]"):
        if person.login not in github.bots:
            raise Denied("denied:bot", why=f"{person.login} is a bot that github.bots does not name.")
        return Standing(person=person, role=github.role)
    least = role_for(verb, github.role, github.roles)
    try:
        standing = access.standing(person.login)
    except HubProblem as problem:
        later = problem if isinstance(problem, HubLimited | HubUnreachable | HubUnauthorized) else None
        why = f"The role of {person.login} is not known: {problem}"
        raise Denied("denied:permission_unknown", why=why, unanswered=later) from None
    if standing.person.id != person.id:  # the name was given up, and somebody else took it
        raise Denied("denied:permission_unknown", why=f"{person.login} is not who asked.")
    if not enough(standing.role, least):
        raise Denied("denied:actor_permission", why=f"{person.login} has the role {standing.role}, {least} is needed.")
    return standing


def enough(role: RoleName, least: RoleName) -> bool:
    return ROLES.index(role) >= ROLES.index(least)
