from flask import Flask


def start(app: Flask) -> None:
    app.run(host="0.0.0.0", port=8123)  # HIT
