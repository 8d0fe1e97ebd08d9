def _jupyter_server_extension_points():
    return [{"module": "app"}]
