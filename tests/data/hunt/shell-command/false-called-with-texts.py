import os


def _service(name):
    os.system(f"service {name} reload")


def reload():
    _service("nginx")
    _service(name="php-fpm")
