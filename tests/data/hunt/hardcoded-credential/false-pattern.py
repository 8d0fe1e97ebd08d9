token = "[a-zA-Z0-9_]"
password = r"^\w{8,32}$"
