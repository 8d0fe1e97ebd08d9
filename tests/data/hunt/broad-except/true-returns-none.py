def owner_of(record):
    try:
        team = record["team"]
        person = team.members[0]
        return person.name.title()
    except Exception:  # HIT
        return None
