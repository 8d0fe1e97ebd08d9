class Node:
    def __init__(self, name, children=[]):  # HIT
        self.name = name
        self.children = children
