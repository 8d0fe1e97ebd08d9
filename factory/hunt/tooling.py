"""Files that only their maintainers run: what they are given is what those people type."""

import re

_TOOLING = re.compile(
    r"(?:^|/)(?:scripts?|[\w-]*tools?|tooling|bin|contrib|extras?|dev|devtools|hack|ci|\.\w[\w-]*|releases?|packaging|packages?/[\w-]+/bin"
    r"|build\w*|migrations?|alembic|versions|bench\w*|management/commands|install\w*|deploy\w*|docker|samples?|examples?|demos?"
    r"|docs?|vendor\w*|third_?party|external|deps)/"
    r"|(?:^|/)(?:setup|fabfile|tasks|noxfile|dodo|release|build\w*|make\w*|conanfile|migrat\w*|gulpfile|gruntfile|install\w*)"
    r"\.(?:py|[cm]?[jt]s)$|\.config\.[cm]?[jt]s$",
    re.IGNORECASE,
)


def is_tooling(path: str) -> bool:
    """Scripts, builds, releases, migrations, examples, and what was copied from elsewhere."""
    return bool(_TOOLING.search(path))
