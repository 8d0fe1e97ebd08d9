"""factory schema"""

from typing import Annotated

import typer

from factory.contracts.errors import UsageProblem


def schema(name: Annotated[str, typer.Argument(help="A record's name, or `list`.")] = "list") -> int:
    """Print a record's JSON Schema."""
    import json

    from factory.contracts.schemas import SCHEMAS

    if name == "list":
        print("\n".join(SCHEMAS))
        return 0
    found = {key.lower(): record for key, record in SCHEMAS.items()}.get(name.lower())
    if found is None:
        raise UsageProblem(f"There is no record {name!r}: choose one of {', '.join(SCHEMAS)}.")
    print(json.dumps(found.model_json_schema(), indent=2))
    return 0
