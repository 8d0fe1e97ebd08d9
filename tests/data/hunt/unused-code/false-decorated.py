def route(path):
    def mark(function):
        return function

    return mark


@route("/health")
def health(request_that_came_in):
    return "up"
