def home_of(user: str) -> str:
    return f"/home/{user}/shop"


BASE = "/home/"
