from http.server import BaseHTTPRequestHandler


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *words):
        return None

    def version_string(self):
        return "shop"


print(Quiet)
