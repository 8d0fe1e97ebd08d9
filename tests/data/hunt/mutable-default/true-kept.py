class Node:
    def __init__(self, name, children=[]):  # HIT
        self.name = name
        self.children = children

    def grow(self, child):
        self.children.append(child)
