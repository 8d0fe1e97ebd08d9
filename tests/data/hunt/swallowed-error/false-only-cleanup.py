def stop(server):
    try:
        server.shutdown()
    except Exception:
        pass
