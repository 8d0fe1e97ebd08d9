def help_text(name):
    return f"Select a file from the list, where name = {name}"
