class Planet:
    def system(self, name):
        return f"system of {name}"


def show(planet, name):
    return planet.system("the " + name)
