import os

from shop.web import app, request


@app.route("/ping")
def ping():
    host = request.args.get("host", "localhost").strip()
    return os.popen(f"ping -c 1 {host}").read()  # HIT
