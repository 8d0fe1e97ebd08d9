print("--all")
