def walk(tree, path=list()):  # HIT
    path.append(tree.name)
    for child in tree.children:
        walk(child, path)
    return len(path)
